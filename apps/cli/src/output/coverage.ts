/** Which policies the tests reached. Pure. */
import type { PolicyCoverage } from '@thv/authz';
import type { PolicyPlace } from '../services/policy-text.ts';
import type { Screen } from './screen.ts';
import { renderTable } from './table.ts';

export interface CoverageOptions {
  readonly places: readonly PolicyPlace[];
  /** How a file is shown. */
  readonly showPath: (file: string) => string;
  readonly screen: Screen;
}

/** A table of policies and the number of tests that each one decided. */
export function renderCoverage(
  { policies, unused }: PolicyCoverage,
  { places, showPath, screen }: CoverageOptions,
): string {
  const byId = new Map(places.map((place) => [place.id, place]));
  const table = renderTable<PolicyCoverage['policies'][number]>(
    [
      { title: 'POLICY', cell: ({ id }) => id },
      {
        title: 'TESTS',
        cell: ({ tests }) => (tests === 0 ? 'never decided' : `decided ${tests}`),
        meaning: ({ tests }) => (tests === 0 ? 'warning' : undefined),
      },
      {
        title: 'PLACE',
        cell: ({ id }) => {
          const { file, line, column } = byId.get(id) ?? {};
          return file === undefined ? '' : [showPath(file), line, column].join(':');
        },
        meaning: () => 'aside',
      },
    ],
    policies,
    screen,
  );
  const decided = policies.length - unused.length;
  return `\n${table}${decided} of ${policies.length} policies decided a test\n`;
}
