/** Loads authorization files for the commands about policies, and says in one line what is wrong. */
import { relative, resolve } from 'node:path';
import type { AuthzConfig, Cedar } from '@thv/authz';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { type PolicyPlace, readPolicyPlaces } from './policy-text.ts';

export interface LoadedPolicyFile {
  readonly config: AuthzConfig;
  readonly cedar: Cedar;
  /** Of a decision point's file: empty. */
  readonly places: readonly PolicyPlace[];
}

/** @throws {CliError} with exit code 2 when the file cannot be used. */
export async function loadPolicyFile(file: string, cwd: string): Promise<LoadedPolicyFile> {
  const { loadAuthzConfig, loadCedar } = await import('@thv/authz/node');
  return orOneLine(cwd, async () => {
    const [config, cedar] = await Promise.all([loadAuthzConfig(resolve(cwd, file)), loadCedar()]);
    const places = config.type === 'cedarv1' ? readPolicyPlaces(config.cedar.policies) : [];
    return { config, cedar, places };
  });
}

/** Turns the errors of `@thv/authz` into one line each. */
export async function orOneLine<T>(cwd: string, step: () => Promise<T>): Promise<T> {
  const { isAuthzError } = await import('@thv/authz');
  try {
    return await step();
  } catch (error) {
    if (!isAuthzError(error)) {
      throw error;
    }
    const { location, problem, code } = error;
    const { file, line, column, policy } = location;
    const place = [showPath(file, cwd), line, column].filter((part) => part !== undefined);
    throw new CliError({
      exitCode: code === 'ERR_AUTHZ_ENGINE' ? EXIT.failed : EXIT.usage,
      what: place.length === 0 ? 'policies' : place.join(':'),
      why: policy === undefined ? problem : `${policy}: ${problem}`,
      cause: error,
    });
  }
}

/** A path as a person would write it: relative when it is below the working directory. */
export function showPath<T extends string | undefined>(file: T, cwd: string): T | string {
  if (file === undefined) {
    return file;
  }
  const short = relative(cwd, file);
  return short === '' || short.startsWith('..') ? file : short;
}
