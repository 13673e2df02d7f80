/** YAML joins the lines of a folded text: a comment in it must not take policies with it. */
import { type AuthzError, createAuthorizer, isAuthzError, parseAuthzConfig } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { parseSourceText } from '../src/node/source-text.ts';
import { call, cedar } from './support/authorizer.ts';

const PERMIT = 'permit(principal, action, resource);';
const FORBID = 'forbid(principal, action, resource == Tool::"x");';

function load(policy: string) {
  const text = `version: "1.0"\ntype: cedarv1\ncedar:\n  policies:\n    - ${policy}\n`;
  const { value, locate, locateKey } = parseSourceText(text, 'a.yaml');
  const config = parseAuthzConfig(value, { file: 'a.yaml', locate, locateKey });
  return createAuthorizer(config, { cedar });
}

function refusal(policy: string): AuthzError {
  try {
    load(policy);
  } catch (error) {
    if (isAuthzError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a comment in a text whose lines are joined', () => {
  it.each([
    ['folded', `>-\n      ${PERMIT}\n      // all but this\n      ${FORBID}`, 8],
    ['folded, behind a policy', `>\n      ${PERMIT} // all but this\n      ${FORBID}`, 7],
    ['folded, in two lines', `>-\n      ${PERMIT}\n      // all\n      // but\n      ${FORBID}`, 9],
    ['plain', `${PERMIT}\n      // all but this\n      ${FORBID}`, 7],
    ['in quotes', `'${PERMIT}\n      // all but this\n      ${FORBID}'`, 7],
  ])('%s: takes no policy with it', (_name, policy, line) => {
    const error = refusal(policy);
    expect(error.code).toBe('ERR_AUTHZ_POLICY');
    expect(error.problem).toContain('part of a comment');
    expect(error.location).toMatchObject({ file: 'a.yaml', line });
  });

  it.each([
    ['literal', `|\n      ${PERMIT}\n      // all but this\n      ${FORBID}`, false],
    ['folded, with an empty line', `>-\n      ${PERMIT}\n      // but\n\n      ${FORBID}`, false],
    ['in quotes, in one line', `"${PERMIT} // but\\n ${FORBID.replaceAll('"', '\\"')}"`, false],
    ['folded, at the end', `>-\n      ${PERMIT}\n      // all\n      // of it`, true],
    ['in a string', `>-\n      ${PERMIT.slice(0, -1)}\n      when { "//" != "x" };`, true],
  ])('%s: is one', async (_name, policy, allowed) => {
    expect(await load(policy).authorize(call('x'))).toMatchObject({ allowed });
  });
});
