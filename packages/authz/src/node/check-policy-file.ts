/** Checks an authorization file on disk. */
import { type CheckReport, checkPolicies, isAuthzError, toFinding } from '@thv/authz';
import { loadCedar } from './load-cedar.ts';
import { loadAuthzConfig } from './load-config.ts';

/** Options of {@link checkPolicyFile}. */
export interface CheckPolicyFileOptions {
  /** The MCP server's name, to find policies for other servers. Default: any. */
  readonly serverName?: string | undefined;
  /** Warnings count like errors. Default: false. */
  readonly strict?: boolean | undefined;
}

/**
 * Checks an authorization file and its policy files.
 *
 * @throws {AuthzError} `ERR_AUTHZ_FILE` when a file cannot be read; all else is a finding.
 */
export async function checkPolicyFile(
  file: string,
  options: CheckPolicyFileOptions = {},
): Promise<CheckReport> {
  const cedar = await loadCedar();
  try {
    return checkPolicies(await loadAuthzConfig(file), { cedar, ...options });
  } catch (error) {
    if (isAuthzError(error) && error.code !== 'ERR_AUTHZ_FILE') {
      return { ok: false, findings: [toFinding(error)] };
    }
    throw error;
  }
}
