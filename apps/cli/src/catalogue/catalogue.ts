/** What a catalogue knows of a server: plain data, the same for the built-in one and for others. */
import type { Transport } from '../services/flag-words.ts';

/** A variable or a header that a server is given. */
export interface CatalogueInput {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** Whether its value should come from the secret store. */
  readonly secret: boolean;
  readonly default?: string;
}

/** What a container may reach; see `permission-profile.ts`. */
export interface Permissions {
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** `all`, `none`, or a limit that nothing here can enforce. */
  readonly network: 'all' | 'none' | { readonly hosts: readonly string[] };
  /** Whether it may write in its own image's file system; what it writes is lost at its end. */
  readonly writableRoot: boolean;
}

export interface CatalogueEntry {
  readonly name: string;
  readonly description: string;
  /** What one would write instead of the name: a URL, `npx://…`, `uvx://…` or an image. */
  readonly server: string;
  readonly kind: 'url' | 'package' | 'image';
  readonly transport: Transport;
  /** Where the server of an image listens, unless it speaks over stdio. */
  readonly targetPort?: number;
  /** What the server is given when nothing stands after `--`. */
  readonly args: readonly string[];
  readonly variables: readonly CatalogueInput[];
  /** What a remote server wants to be sent. */
  readonly headers: readonly CatalogueInput[];
  readonly permissions?: Permissions;
  readonly tools: readonly string[];
  readonly deprecated: boolean;
  /** For messages: who says so, when it is not the built-in catalogue. */
  readonly origin?: string;
}

export interface Catalogue {
  /** For messages: where it is from. */
  readonly source: string;
  readonly names: readonly string[];
  /**
   * The entry of exactly this name.
   *
   * @throws {CliError} with exit code 2 when there is one that cannot be used.
   */
  find(name: string): CatalogueEntry | undefined;
}

const NAME = /^[a-z0-9][\w.-]{0,99}$/i;

/** Whether a text can be the name of an entry; a URL, a package and an image with a path cannot. */
export function isCatalogueName(text: string): boolean {
  return NAME.test(text);
}
