/** The process that `ask-key-store.ts` starts: it loads the library, does one thing, and ends. */
import { once } from 'node:events';
import { usageError } from '../cli-error.ts';
import {
  ASKED_COMMAND,
  type KeyStoreAnswer,
  type KeyStoreRequest,
  requestFromJson,
  SERVICE,
} from './key-store.ts';

/** What we use of an entry of the library. */
export interface LibraryEntry {
  getPassword(): string | null;
  setPassword(password: string): void;
}

/** @throws {CliError} when it was not started by thv */
export async function answerKeyStore(): Promise<void> {
  if (process.send === undefined) {
    throw usageError(ASKED_COMMAND, 'is for thv itself', 'use thv secret');
  }
  const [message] = await once(process, 'message');
  const request = requestFromJson(message);
  if (request === undefined) {
    throw usageError(ASKED_COMMAND, 'was told something that is no request');
  }
  const answer = await answerWith(request);
  await new Promise<void>((resolve) => {
    // Who has gone cannot be told.
    process.send?.(answer, () => resolve());
  });
}

async function answerWith(request: KeyStoreRequest): Promise<KeyStoreAnswer> {
  let library: typeof import('@napi-rs/keyring');
  try {
    library = await import('@napi-rs/keyring');
  } catch {
    return { status: 'absent', why: '@napi-rs/keyring is not installed for this system' };
  }
  // The kernel's key ring, which the library would take instead, is empty after a restart.
  const options = { linux: { store: 'secret-service' } } as const;
  return carryOut(request, (name) => new library.Entry(SERVICE, name, options));
}

/** @param open of the library; it may throw */
export function carryOut(
  request: KeyStoreRequest,
  open: (name: string) => LibraryEntry,
): KeyStoreAnswer {
  try {
    const entry = open(request.entry);
    const before = entry.getPassword();
    if (request.do === 'create') {
      if (before !== null) {
        return { status: 'failed', why: 'an entry of this name is there already' };
      }
      entry.setPassword(request.text);
    }
    const text = request.do === 'create' ? entry.getPassword() : before;
    return text === null ? { status: 'missing' } : { status: 'found', text };
  } catch (error) {
    return explain(error, request);
  }
}

/** The library gives every error the same code, so its text has to say what it was. */
function explain(error: unknown, request: KeyStoreRequest): KeyStoreAnswer {
  const told = error instanceof Error ? error.message : String(error);
  const known = MEANINGS.find(([text]) => text.test(told));
  if (known !== undefined) {
    return known[1];
  }
  // Whoever answers could repeat what it was given.
  const why = request.do === 'create' ? told.replaceAll(request.text, '…') : told;
  return { status: 'failed', why };
}

/** The first that matches counts. */
const MEANINGS: readonly (readonly [RegExp, KeyStoreAnswer])[] = [
  [/autolaunch|failed to connect/i, { status: 'absent', why: 'this session has no D-Bus' }],
  [
    /not provided by any|not activatable/i,
    { status: 'absent', why: 'no program offers one here, as gnome-keyring or KWallet would' },
  ],
  [/no result found/i, { status: 'absent', why: 'it has no place where new keys go' }],
  [
    /dismissed|cancell?ed|denied|not allowed|not correct|\blocked/i,
    { status: 'locked', why: 'it is locked, or what it asked was refused' },
  ],
  [
    /matched by \d+ cred/i,
    { status: 'failed', why: 'several of its entries have the name of ours' },
  ],
  // No text that we would have written.
  [/not valid UTF-8/i, { status: 'found', text: '' }],
];
