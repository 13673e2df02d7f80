/**
 * Asks the key store of the operating system in a process of its own. The library is native code and
 * waits without end for a bus that is dead or a question that nobody answers: a process can be
 * killed, and whatever it loads is gone with it, far from the process that serves.
 */
import { fork } from 'node:child_process';
import { beforeEnd } from '../before-end.ts';
import {
  ASKED_COMMAND,
  answerFromJson,
  type KeyStoreAnswer,
  type KeyStoreRequest,
} from './key-store.ts';

export interface AskOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; somebody may have to type the password of the key store. Default 60 000. */
  readonly patience?: number;
  /** The program that is started. Default: this one. */
  readonly program?: string | undefined;
}

/** Never rejects. The request goes over a channel that nobody else can read. */
export function askKeyStore(
  request: KeyStoreRequest,
  { env, patience = 60_000, program = process.argv[1] }: AskOptions,
): Promise<KeyStoreAnswer> {
  if (program === undefined) {
    throw new Error('this program does not know its own file');
  }
  const child = fork(program, [ASKED_COMMAND], {
    env: withoutOurs(env),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    timeout: patience,
    killSignal: 'SIGKILL',
  });
  // One that is blocked does not notice that we have gone.
  const kill = (): void => void child.kill('SIGKILL');
  const forget = beforeEnd(kill);
  return new Promise<KeyStoreAnswer>((resolve) => {
    child.once('message', (message) => resolve(answerFromJson(message)));
    child.once('error', () => resolve({ status: 'failed', why: 'its process does not start' }));
    child.once('exit', (_code, signal) =>
      resolve(
        signal === 'SIGKILL'
          ? { status: 'silent', why: `no answer within ${patience / 1000} seconds` }
          : { status: 'failed', why: `its process ended early (${signal ?? 'without a word'})` },
      ),
    );
    // Told by `exit`.
    child.send(request, () => undefined);
  }).finally(() => {
    forget();
    kill();
  });
}

/** It needs the session of the user, and neither passphrases nor secrets. */
function withoutOurs(env: AskOptions['env']): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('THV_')));
}
