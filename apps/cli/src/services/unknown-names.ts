/** Compares what policies name with what a server has. Pure. */
import type { AuthzConfig, Finding } from '@thv/authz';
import { didYouMean } from '../suggest.ts';
import { memberOf } from './json-value.ts';
import type { Mention, PolicyPlace } from './policy-text.ts';
import type { ServerOffer } from './server-offer.ts';

const MAX_NAMES = 12;

interface Kind {
  readonly word: string;
  readonly list: 'tools' | 'prompts' | 'resources';
}

const KINDS: Readonly<Record<string, Kind>> = {
  Tool: { word: 'tool', list: 'tools' },
  Prompt: { word: 'prompt', list: 'prompts' },
  Resource: { word: 'resource', list: 'resources' },
};

/** A warning for each tool, prompt or resource that a policy or a static entity names in vain. */
export function findUnknownNames(
  config: AuthzConfig,
  places: readonly PolicyPlace[],
  offer: ServerOffer,
): readonly Finding[] {
  const mentions = [...places.flatMap((place) => place.mentions), ...entityMentions(config)];
  const findings = new Map<string, Finding>();
  for (const mention of mentions) {
    const kind = Object.hasOwn(KINDS, mention.type) ? KINDS[mention.type] : undefined;
    const key = [mention.policy, mention.type, mention.id].join('\0');
    if (kind !== undefined && !findings.has(key) && !isOffered(mention, kind, offer)) {
      findings.set(key, toFinding(mention, kind, offer));
    }
  }
  return [...findings.values()];
}

function isOffered({ id }: Mention, { list }: Kind, offer: ServerOffer): boolean {
  return offer[list].includes(id) || (list === 'resources' && offer.isTemplated(id));
}

function toFinding(mention: Mention, { word, list }: Kind, offer: ServerOffer): Finding {
  const known = offer[list];
  const { id, file, policy, line, column, excerpt, excerptColumn } = mention;
  const meant = didYouMean(id, known);
  const shown = known.slice(0, MAX_NAMES).join(', ');
  const rest = known.length > MAX_NAMES ? ` and ${known.length - MAX_NAMES} more` : '';
  const hidden = list === 'tools' && offer.hidesTools === true ? '; --tools hides all others' : '';
  return {
    code: `unknown-${word}`,
    severity: 'warning',
    message: `the server lists no ${word} ${JSON.stringify(id)}${meant === undefined ? '' : `; ${meant}`}`,
    fix:
      known.length === 0 ? `the server has no ${list}` : `its ${list} are ${shown}${rest}${hidden}`,
    file,
    policy,
    line,
    column,
    excerpt,
    excerptColumn,
  };
}

/** The tools, prompts and resources among the static entities. */
function entityMentions(config: AuthzConfig): readonly Mention[] {
  if (config.type !== 'cedarv1') {
    return [];
  }
  const { file, locate } = config.source;
  return config.cedar.entities.flatMap((entity, index) => {
    const uid = readUid(memberOf(entity, 'uid'));
    const at =
      locate?.(['cedar', 'entities', index]) ??
      locate?.(['cedar', 'entities_json', index]) ??
      locate?.(['cedar', 'entities_json']);
    return uid === undefined ? [] : [{ ...uid, policy: undefined, file, ...at }];
  });
}

function readUid(uid: unknown): { readonly type: string; readonly id: string } | undefined {
  if (typeof uid === 'string') {
    const [, type, quoted, plain] = /^(\w+)::(?:"(.*)"|(.*))$/s.exec(uid) ?? [];
    return type === undefined ? undefined : { type, id: quoted ?? plain ?? '' };
  }
  const inner = memberOf(uid, '__entity') ?? uid;
  const [type, id] = [memberOf(inner, 'type'), memberOf(inner, 'id')];
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined;
}
