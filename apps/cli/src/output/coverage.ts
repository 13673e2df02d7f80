/** Which policies the tests reached. Pure. */
import type { PolicyCoverage } from '@thv/authz';
import type { PolicyPlace } from '../services/policy-text.ts';

/** A table of policies and the number of tests that each one decided. */
export function renderCoverage(
  { policies, unused }: PolicyCoverage,
  places: readonly PolicyPlace[],
  showPath: (file: string) => string,
): string {
  const byId = new Map(places.map((place) => [place.id, place]));
  const width = Math.max(...policies.map(({ id }) => id.length), 'POLICY'.length);
  const rows = policies.map(({ id, tests }) => {
    const { file, line, column } = byId.get(id) ?? {};
    const place = file === undefined ? '' : `  ${[showPath(file), line, column].join(':')}`;
    const count = tests === 0 ? 'never decided' : `decided ${tests}`;
    return `${id.padEnd(width)}  ${count.padEnd('never decided'.length)}${place}`.trimEnd();
  });
  const decided = policies.length - unused.length;
  return `\n${[...rows, `${decided} of ${policies.length} policies decided a test`].join('\n')}\n`;
}
