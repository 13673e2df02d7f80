/** Sets of claims reach Cedar with the elements that some policy asks about, and no others. */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/web';
import { describe, expect, it } from 'vitest';
import { readElements, selectElements } from '../src/element-reads.ts';
import { cedar } from './support/authorizer.ts';

function conditionOf(text: string): PolicyJson['conditions'][number]['body'] {
  const answer = cedar.policyToJson(`permit(principal, action, resource) when { ${text} };`);
  if (answer.type === 'failure') {
    throw new Error(answer.errors[0]?.message);
  }
  return answer.json.conditions[0]!.body;
}

const elementsOf = (text: string): unknown => {
  const found = readElements([conditionOf(text)], 'principal', 'claim_roles');
  return found === 'all' ? found : [...found].sort();
};

describe('readElements', () => {
  it.each([
    ['principal.claim_roles.contains("a")', ['a']],
    ['principal has claim_roles && principal.claim_roles.containsAny(["a", "b"])', ['a', 'b']],
    ['principal.claim_roles.containsAll(["a"]) || principal.claim_roles.contains("b")', ['a', 'b']],
    ['principal has claim_roles', []],
    ['principal.claim_other == 1 && context.claim_roles == ["a"]', []],
  ])('knows the elements of %s', (text, elements) => {
    expect(elementsOf(text)).toEqual(elements);
  });

  it.each([
    'principal.claim_roles == ["a"]',
    'principal.claim_roles.isEmpty()',
    '["a"].containsAll(principal.claim_roles)',
    'principal.claim_roles.contains(principal.claim_role)',
    'principal.claim_roles.contains(1)',
    'principal.claim_roles.contains(["a"])',
    'principal.claim_roles.containsAny(principal.claim_groups)',
    '["a"].containsAny(principal.claim_roles)',
    'principal.claim_roles.contains("a") && principal.claim_roles == []',
    'principal.claim_roles.x.contains("a")',
    'principal has claim_roles.x',
  ])('gives up on %s', (text) => {
    expect(elementsOf(text)).toBe('all');
  });

  it('leaves alone what may hold entities', () => {
    const condition = conditionOf('resource.owners.contains("a")');
    expect(readElements([condition], 'resource', 'owners')).toBe('all');
  });
});

describe('selectElements', () => {
  it('keeps what is asked about, and anything but a set', () => {
    const elements = new Set(['a']);
    expect(selectElements(['b', 'a', 1, ['a']], elements)).toEqual(['a']);
    expect(selectElements('b', elements)).toBe('b');
    expect(selectElements(['b'], 'all')).toEqual(['b']);
  });
});
