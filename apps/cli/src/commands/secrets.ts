/** `thv secret set|get|list|delete|rekey`. */
import { CliError, usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { toJsonLine } from '../output/json-line.ts';
import { renderTable } from '../output/table.ts';
import { SERVICE } from '../secrets/key-store.ts';
import { LOCKED_WITH } from '../secrets/secret-key.ts';
import { checkSecretName, secretVariable } from '../secrets/secret-name.ts';
import {
  givenSecret,
  type KeyFlags,
  keyGivers,
  type NewKeyFlags,
  newKeyGivers,
  noSuchSecret,
  outdatedVariables,
  resolveSecrets,
} from '../secrets/secret-source.ts';
import { createSecretStore, noSecrets } from '../secrets/secret-store.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface SecretFlags extends GlobalFlags, KeyFlags {
  readonly format?: Format;
}

export type RekeyFlags = GlobalFlags & Pick<KeyFlags, 'keyFile'> & NewKeyFlags;

/** More than any server takes in one variable. */
const MAX_BYTES = 64 * 1024;

export async function setSecret(name: string, flags: SecretFlags, io: Io): Promise<ExitCode> {
  checkSecretName('NAME', name);
  const value = await readValue(name, io);
  const key = await openStore(flags, io).change((secrets) => void secrets.set(name, value));
  const log = createLog(io, flags);
  if (key?.kind === 'key-store') {
    log({
      level: 'info',
      message: `the key of the secrets is in the key store of this system, under ${SERVICE}`,
    });
  }
  log({ level: 'info', message: `secret ${name} is kept; servers get it at their next start` });
  if (givenSecret(name, io.env) !== undefined) {
    log({ level: 'warn', message: `${secretVariable(name)} is set here and wins over it` });
  }
  return EXIT.done;
}

export async function getSecret(name: string, flags: SecretFlags, io: Io): Promise<ExitCode> {
  checkSecretName('NAME', name);
  const value = (await resolveSecrets([name], io, flags)).get(name) ?? '';
  io.out(flags.format === 'json' ? toJsonLine({ name, value }) : `${value}\n`);
  return EXIT.done;
}

export async function listSecrets(flags: SecretFlags, io: Io): Promise<ExitCode> {
  const stored = await openStore(flags, io).readAll();
  const rows = [...stored.keys()].toSorted().map((name) => ({
    name,
    source: givenSecret(name, io.env) === undefined ? 'store' : secretVariable(name),
  }));
  if (flags.format === 'json') {
    io.out(toJsonLine(rows));
  } else if (rows.length === 0) {
    createLog(
      io,
      flags,
    )({ level: 'info', message: 'no secrets; keep one with: thv secret set NAME' });
  } else {
    io.out(
      renderTable(
        [
          { title: 'NAME', cell: ({ name }) => name },
          { title: 'FROM', cell: ({ source }) => source },
        ],
        rows,
        io.stdout,
      ),
    );
  }
  return EXIT.done;
}

export async function deleteSecret(name: string, flags: SecretFlags, io: Io): Promise<ExitCode> {
  checkSecretName('NAME', name);
  const store = openStore(flags, io);
  if ((await store.peek()) === undefined) {
    throw noSuchSecret(name);
  }
  await store.change((secrets) => {
    if (!secrets.delete(name)) {
      throw noSuchSecret(name);
    }
  });
  createLog(io, flags)({ level: 'info', message: `secret ${name} is deleted` });
  return EXIT.done;
}

export async function rekeySecrets(flags: RekeyFlags, io: Io): Promise<ExitCode> {
  const store = openStore(flags, io);
  const sealed = await store.peek();
  if (sealed === undefined) {
    throw noSecrets();
  }
  const key = await store.rekey(newKeyGivers(sealed.header.key, io, flags));
  const log = createLog(io, flags);
  const older = 'older copies of secrets.json still open with the key before';
  log({ level: 'info', message: `${LOCKED_WITH[key.kind]} now; ${older}` });
  for (const variable of outdatedVariables(io, key)) {
    log({ level: 'warn', message: `${variable} is set here and names another key; change it` });
  }
  return EXIT.done;
}

function openStore(flags: SecretFlags, io: Io) {
  const message = 'secrets: waiting for another thv that works on them';
  return createSecretStore(io.env, keyGivers(io, flags), () =>
    createLog(io, flags)({ level: 'info', message }),
  );
}

/** Never from an argument: process lists and shell histories show those. */
async function readValue(name: string, io: Io): Promise<string> {
  const typed = await io.askHidden?.(`Value of ${name}:`);
  const value = typed ?? (await io.input()).replace(/\r?\n$/, '');
  if (value === '') {
    throw usageError('value', 'is empty', `pipe it in: thv secret set ${name} < FILE`);
  }
  if (value.includes('\0') || Buffer.byteLength(value) > MAX_BYTES) {
    throw new CliError({
      exitCode: EXIT.usage,
      what: 'value',
      why: 'no variable could hold it',
      wayOut: `it may have ${MAX_BYTES / 1024} KiB of text at most`,
    });
  }
  return value;
}
