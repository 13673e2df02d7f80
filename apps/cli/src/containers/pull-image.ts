/** Makes sure that an image is there, and downloads only what says where it is from. */
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { type Engine, hasImage, runEngine } from './engine.ts';
import { namesItsRegistry } from './image-reference.ts';

const PULL_MS = 15 * 60_000;

export interface PullOptions {
  /** Called before a download. */
  readonly onPull: () => void;
  /** Ends a download. */
  readonly signal: AbortSignal;
}

/** @throws {CliError} with exit code 1, saying how to get it. */
export async function provideImage(
  engine: Engine,
  image: string,
  { onPull, signal }: PullOptions,
): Promise<void> {
  if (await hasImage(engine, image)) {
    return;
  }
  const failed = (why: string, wayOut: string) =>
    new CliError({ exitCode: EXIT.failed, what: image, why, wayOut });
  if (!namesItsRegistry(image)) {
    const path = image.includes('/') ? image : `library/${image}`;
    throw failed(
      `${engine.name} does not have this image, and it does not say where it is from`,
      `write it in full, for example docker.io/${path}, or build or pull it first`,
    );
  }
  if (image.startsWith('localhost/')) {
    throw failed(
      `${engine.name} does not have this image`,
      `build it first, or see ${engine.name} images`,
    );
  }
  onPull();
  const { code, error } = await runEngine(engine, ['pull', '--quiet', image], PULL_MS, signal);
  if (code !== 0) {
    throw failed(
      `cannot be pulled: ${error}`,
      `check the name and the network; a private one needs: ${engine.name} login`,
    );
  }
}
