/** What `thv policy explain` prints. Pure. */
import type { ExplainedPolicy, Explanation } from '@thv/authz';
import { clean } from '../log.ts';
import type { PolicyPlace } from '../services/policy-text.ts';
import { hintLines } from './hint-lines.ts';
import { toJsonLine, toJsonText } from './json-line.ts';
import { type Meaning, paint } from './paint.ts';
import type { Screen } from './screen.ts';
import { wrapLines } from './text-width.ts';

export interface ExplanationOptions {
  /** Where policies stand, by id. */
  readonly places: ReadonlyMap<string, PolicyPlace>;
  /** How a file is shown. */
  readonly showPath: (file: string) => string;
  /** The claims that groups and roles are read from. */
  readonly groupClaims: readonly string[];
  /** With the request and the entities as Cedar saw them. */
  readonly verbose: boolean;
  readonly format: 'text' | 'json';
  readonly screen: Screen;
}

export function renderExplanation(explanation: Explanation, options: ExplanationOptions): string {
  return options.format === 'json'
    ? renderJson(explanation, options)
    : renderText(explanation, options);
}

function renderJson(explanation: Explanation, { showPath }: ExplanationOptions): string {
  const { decision, policies, errors, nearMisses, request, entities } = explanation;
  return toJsonLine({
    decision,
    policies: policies.map(({ id, file, line, column, source }) => ({
      id,
      file: file === undefined ? null : showPath(file),
      line,
      column,
      source,
    })),
    errors: errors.map(({ policy, message, part, hint }) => ({
      policy,
      message,
      part: part ?? null,
      hint: hint ?? null,
    })),
    near_misses: nearMisses,
    request,
    entities,
  });
}

const SOURCE_INDENT = ' '.repeat(6);

function renderText(explanation: Explanation, options: ExplanationOptions): string {
  const sections = [
    renderAnswer(explanation, options),
    renderDetermining(explanation, options),
    renderErrors(explanation, options),
    renderNearMisses(explanation, options),
    options.verbose ? renderCedar(explanation) : [],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function renderAnswer(
  { decision, request, policies, errors }: Explanation,
  { screen }: ExplanationOptions,
): readonly string[] {
  const { principal, action, resource } = request;
  const asked = `${nameOf(principal)} ${nameOf(action)} ${nameOf(resource)}`;
  const word = decision.toUpperCase();
  const meaning: Meaning = decision === 'allow' ? 'good' : 'bad';
  const [first = '', ...rest] = wrapLines(asked, `${word}  `, screen);
  return [
    paint(word, meaning, screen) + first.slice(word.length),
    ...rest,
    ...wrapLines(reasonOf(decision, policies, errors), '  ', screen),
  ];
}

function reasonOf(
  decision: Explanation['decision'],
  policies: readonly ExplainedPolicy[],
  errors: Explanation['errors'],
): string {
  const failed = new Set(errors.map(({ policy }) => policy));
  if (decision === 'allow') {
    return 'A policy permits it, and none forbids it.';
  }
  if (policies.length === 0 && failed.size === 0) {
    return 'No policy permits it. What is not permitted is denied.';
  }
  if (policies.length === 0) {
    return 'No policy permits it, but not every policy could be evaluated.';
  }
  return policies.every(({ id }) => failed.has(id))
    ? 'A policy that forbids could not be evaluated, which denies.'
    : 'A policy forbids it, and that outweighs every permit.';
}

function renderDetermining(
  { policies }: Explanation,
  { showPath, screen }: ExplanationOptions,
): readonly string[] {
  return policies.length === 0
    ? []
    : [
        paint('Decided by', 'title', screen),
        ...policies.flatMap(({ id, file, line, column, source }) => [
          nameWithPlace(id, [file === undefined ? '' : showPath(file), line, column], screen),
          ...source
            .split('\n')
            .flatMap((text) => wrapLines(clean(text.trimEnd()), SOURCE_INDENT, screen)),
        ]),
      ];
}

function renderErrors({ errors }: Explanation, options: ExplanationOptions): readonly string[] {
  const { screen } = options;
  return errors.length === 0
    ? []
    : [
        paint('Could not be evaluated', 'title', screen),
        ...errors.flatMap(({ policy, message, part, hint }) => [
          policy === '' ? '  the request' : withPlace(policy, options),
          ...wrapLines(
            clean(part === undefined ? message : `this cannot be evaluated: ${part} (${message})`),
            SOURCE_INDENT,
            screen,
          ),
          ...hintLines(hint && clean(hint), `${SOURCE_INDENT}→ `, screen),
        ]),
      ];
}

function renderNearMisses(
  explanation: Explanation,
  options: ExplanationOptions,
): readonly string[] {
  const { nearMisses } = explanation;
  return nearMisses.length === 0
    ? []
    : [
        paint('Would have permitted it, but', 'title', options.screen),
        ...nearMisses.flatMap(({ id, why }) => [
          withPlace(id, options),
          ...wrapLines(clean(why), SOURCE_INDENT, options.screen),
          ...(why.startsWith('the principal is not in ') ? renderGroups(explanation, options) : []),
        ]),
      ];
}

const MAX_GROUPS = 5;

/** The groups that the token did give, which are often those of another claim. */
function renderGroups(
  { request, entities }: Explanation,
  { groupClaims, screen }: ExplanationOptions,
): readonly string[] {
  const { type, id } = request.principal;
  const principal = entities.find(({ uid }) => {
    const found = '__entity' in uid ? uid.__entity : uid;
    return found.type === type && found.id === id;
  });
  const groups = (principal?.parents ?? []).map((parent) =>
    nameOf('__entity' in parent ? parent.__entity : parent),
  );
  const more = groups.length > MAX_GROUPS ? ` and ${groups.length - MAX_GROUPS} more` : '';
  const found =
    groups.length === 0
      ? 'the token gives no groups'
      : `the token gives ${groups.slice(0, MAX_GROUPS).join(', ')}${more}`;
  const text = `${found}; looked at: ${groupClaims.join(', ')}`;
  return hintLines(text, `${SOURCE_INDENT}→ `, screen);
}

function renderCedar({ request, entities }: Explanation): readonly string[] {
  return [
    'As Cedar saw it',
    ...toJsonText({ request, entities })
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ];
}

function withPlace(id: string, { places, showPath, screen }: ExplanationOptions): string {
  const { file, line, column } = places.get(id) ?? {};
  return line === undefined
    ? `  ${clean(id)}`
    : nameWithPlace(id, [file === undefined ? '' : showPath(file), line, column], screen);
}

function nameWithPlace(
  id: string,
  place: readonly (string | number | undefined)[],
  screen: Screen,
): string {
  return `  ${clean(id)}  ${paint(clean(place.join(':')), 'aside', screen)}`;
}

function nameOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return type === 'Action' ? id : clean(`${type}::${JSON.stringify(id)}`);
}
