/**
 * The key store of the operating system, as the secret store sees it: Keychain, Credential Manager, or
 * the Secret Service of a desktop. It is asked one thing at a time.
 */
import { isRecord, memberOf } from '../services/json-value.ts';

export type KeyStoreRequest =
  | { readonly do: 'read'; readonly entry: string }
  /** Never replaces an entry that is there. Answers with what is kept afterwards. */
  | { readonly do: 'create'; readonly entry: string; readonly text: string };

export type KeyStoreAnswer =
  | { readonly status: 'found'; readonly text: string }
  | { readonly status: 'missing' }
  | { readonly status: KeyStoreTrouble; readonly why: string };

/**
 * - `absent`: there is none on this machine, or none in this session
 * - `locked`: it is locked, or somebody has refused what was asked
 * - `silent`: it has not answered in time
 * - `failed`: anything else
 */
export type KeyStoreTrouble = (typeof TROUBLES)[number];

export type KeyStore = (request: KeyStoreRequest) => Promise<KeyStoreAnswer>;

/** What the entries of all our stores are filed under. */
export const SERVICE = 'thv secrets';

/** What can lock a new store, besides a key file. */
export const KEY_SOURCES = ['key-store', 'passphrase'] as const;

export type KeySource = (typeof KEY_SOURCES)[number];

/** The command of `thv` that asks the key store in a process of its own. */
export const ASKED_COMMAND = '__key-store';

const TROUBLES = ['absent', 'locked', 'silent', 'failed'] as const;

/** Undefined when it is something else. */
export function requestFromJson(json: unknown): KeyStoreRequest | undefined {
  const [entry, text] = [memberOf(json, 'entry'), memberOf(json, 'text')];
  if (typeof entry !== 'string') {
    return undefined;
  }
  switch (memberOf(json, 'do')) {
    case 'read':
      return { do: 'read', entry };
    case 'create':
      return typeof text === 'string' ? { do: 'create', entry, text } : undefined;
    default:
      return undefined;
  }
}

/** What is no answer is a failure. */
export function answerFromJson(json: unknown): KeyStoreAnswer {
  const { status, text, why } = isRecord(json) ? json : {};
  if (status === 'missing') {
    return { status };
  }
  if (status === 'found' && typeof text === 'string') {
    return { status, text };
  }
  const trouble = TROUBLES.find((known) => known === status);
  return trouble !== undefined && typeof why === 'string'
    ? { status: trouble, why }
    : { status: 'failed', why: 'its answer cannot be read' };
}
