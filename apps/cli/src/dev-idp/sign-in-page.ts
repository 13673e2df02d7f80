/// <reference path="./oidc-provider.d.ts" />
/** The sign-in page: the developer says who they are and with which claims; consent is part of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Interaction, Provider } from 'oidc-provider';
import { parseObject, RequestError, readFields, send } from './http-messages.ts';

export interface SignInPageOptions {
  readonly provider: Provider;
  /** Remembers the claims that an account's tokens carry from now on. */
  readonly rememberClaims: (account: string, claims: Readonly<Record<string, unknown>>) => void;
}

/** Serves `GET` and `POST /interaction/:uid`. */
export async function handleSignIn(
  request: IncomingMessage,
  response: ServerResponse,
  { provider, rememberClaims }: SignInPageOptions,
): Promise<void> {
  const interaction = await provider.interactionDetails(request, response).catch(() => {
    throw new RequestError(400, 'this sign-in has expired or was started in another browser');
  });
  if (request.method !== 'POST') {
    send(response, 200, 'text/html', renderPage(interaction));
    return;
  }
  const fields = await readFields(request);
  if (fields.has('deny')) {
    const refusal = { error: 'access_denied', error_description: 'the user refused' };
    await provider.interactionFinished(request, response, refusal, {
      mergeWithLastSubmission: false,
    });
    return;
  }
  const account = String(fields.get('login') ?? '').trim();
  if (account === '') {
    throw new RequestError(400, 'say who signs in');
  }
  const claims = String(fields.get('claims') ?? '').trim();
  if (claims !== '') {
    rememberClaims(account, parseObject(claims, 'claims'));
  }
  const grantId = await grantAll(provider, interaction, account);
  await provider.interactionFinished(request, response, {
    login: { accountId: account },
    consent: { grantId },
  });
}

async function grantAll(
  provider: Provider,
  { params, grantId, session }: Interaction,
  account: string,
): Promise<string> {
  const known =
    grantId !== undefined && session?.accountId === account
      ? await provider.Grant.find(grantId)
      : undefined;
  const clientId = String(params['client_id']);
  const grant = known ?? new provider.Grant({ accountId: account, clientId });
  const scope = typeof params['scope'] === 'string' ? params['scope'] : '';
  if (scope !== '') {
    grant.addOIDCScope(scope);
    for (const resource of [params['resource'] ?? []].flat()) {
      grant.addResourceScope(String(resource), scope);
    }
  }
  return grant.save();
}

function renderPage({ uid, params, session }: Interaction): string {
  const asked = [params['scope'], ...[params['resource'] ?? []].flat()].filter(Boolean).join(' · ');
  return `<!doctype html>
<meta charset="utf-8"><title>Development sign-in</title>
<style>body{font:16px system-ui;max-width:32rem;margin:4rem auto}input,textarea{width:100%;font:inherit}</style>
<h1>Development sign-in</h1>
<p>For trying things out: anyone may sign in as anyone.</p>
<p><b>${escapeHtml(params['client_id'])}</b> asks for ${escapeHtml(asked === '' ? 'nothing in particular' : asked)}</p>
<form method="post" action="/interaction/${escapeHtml(uid)}">
<p><label>User (sub) <input name="login" required autofocus value="${escapeHtml(session?.accountId ?? 'dev-user')}"></label></p>
<p><label>Claims (JSON) <textarea name="claims" rows="4" placeholder='{"roles":["premium"]}'></textarea></label></p>
<p><button>Sign in and allow</button> <button name="deny" value="yes" formnovalidate>Refuse</button></p>
</form>
`;
}

function escapeHtml(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
