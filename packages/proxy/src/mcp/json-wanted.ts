/** Which places of a JSON text are wanted: paths, taken apart for the one who walks the text. */

/** What is wanted of a value: its own place, places of its items, things below. */
export interface Wanted {
  readonly path: string;
  isItself: boolean;
  /** Path of the items, where their places are wanted. */
  items: string | undefined;
  readonly members: Map<string, Wanted>;
}

/** Sets of wanted paths are constants, so each is taken apart once. */
const plans = new WeakMap<ReadonlySet<string>, Wanted>();

export function planOf(paths: ReadonlySet<string>): Wanted {
  const known = plans.get(paths);
  if (known !== undefined) return known;
  const root = wantNothing('');
  plans.set(paths, root);
  for (const path of paths) {
    let at = root;
    // A key that holds a dot or a bracket is none of these, whatever it looks like in a path.
    for (const key of path.replace('[]', '').split('.')) {
      const below = at.members.get(key) ?? wantNothing(at.path === '' ? key : `${at.path}.${key}`);
      at.members.set(key, below);
      at = below;
    }
    if (path.endsWith('[]')) at.items = path;
    else at.isItself = true;
  }
  return root;
}

function wantNothing(path: string): Wanted {
  return { path, isItself: false, items: undefined, members: new Map() };
}
