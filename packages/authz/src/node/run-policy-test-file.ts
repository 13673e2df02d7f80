/** Runs a policy test file from disk. */
import { type PolicyTestReport, parsePolicyTests, runPolicyTests } from '@thv/authz';
import { loadCedar } from './load-cedar.ts';
import { loadAuthzConfig, readText } from './load-config.ts';
import { parseSourceText } from './source-text.ts';

/**
 * Runs the tests of a policy test file (JSON or YAML) against an authorization file.
 *
 * @throws {AuthzError} when either file cannot be used; a failed test is a result.
 */
export async function runPolicyTestFile(
  configFile: string,
  testFile: string,
): Promise<PolicyTestReport> {
  const [config, text, cedar] = await Promise.all([
    loadAuthzConfig(configFile),
    readText(testFile),
    loadCedar(),
  ]);
  const { value, ...places } = parseSourceText(text, testFile);
  return runPolicyTests(config, parsePolicyTests(value, { file: testFile, ...places }), { cedar });
}
