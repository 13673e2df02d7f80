import { defineConfig } from 'vitest/config';

const sourceFirst = {
  resolve: { conditions: ['@thv/source'] },
  ssr: { resolve: { conditions: ['@thv/source'] } },
};

export default defineConfig({
  test: {
    // Most of the time is spent waiting for processes, so one worker would leave a machine idle.
    maxWorkers: 2,
    reporters:
      process.env['CI'] === undefined
        ? ['default']
        : ['default', ['json', { outputFile: '.ci/report.json' }]],
    coverage: {
      provider: 'v8',
      // Seen from the root of each project.
      include: ['src/**'],
      reporter: ['text', 'json-summary'],
      thresholds: {
        'packages/oidc/src/**': { lines: 95 },
        'packages/authz/src/**': { lines: 95 },
      },
    },
    projects: [
      ...[
        'packages/oidc',
        'packages/authz',
        'packages/proxy',
        'apps/compose',
        'apps/cli',
        'apps/gateway',
      ].map((root) => ({
        ...sourceFirst,
        test: {
          name: root.split('/')[1]!,
          root,
          include: ['test/**/*.test.ts'],
          testTimeout: 20_000,
        },
      })),
      {
        ...sourceFirst,
        test: {
          name: 'e2e',
          root: 'test',
          include: ['**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
