/** What the demo shows: who asks for what, and the answer that the policy file promises. */

/** A person who signs in, and the claims in that person's token. */
export interface Person {
  readonly name: string;
  readonly sub: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

export const ALICE: Person = { name: 'alice', sub: 'alice123', claims: {} };
export const BOB: Person = { name: 'bob', sub: 'bob', claims: { roles: ['standard'] } };
export const PAULA: Person = { name: 'paula', sub: 'paula', claims: { roles: ['premium'] } };

/** One call and its answer. */
export interface Scene {
  readonly who: string;
  readonly person?: Person;
  /** Default: the audience that the server expects. */
  readonly audience?: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly status: 200 | 401 | 403;
  /** What must stand in the answer: in the challenge for 401, in the body otherwise. */
  readonly holds: string;
}

const hello = { tool: 'echo', args: { message: 'hello' } };
const content = (location: string) => ({ tool: 'get-structured-content', args: { location } });

export const SCENES: readonly Scene[] = [
  { who: 'nobody', ...hello, status: 401, holds: 'resource_metadata=' },
  {
    who: 'bob, token for another service',
    person: BOB,
    audience: 'other',
    ...hello,
    status: 401,
    holds: 'error="invalid_token"',
  },
  { who: 'bob', person: BOB, ...hello, status: 200, holds: 'Echo: hello' },
  { who: 'bob', person: BOB, ...content('Chicago'), status: 200, holds: 'temperature' },
  { who: 'bob', person: BOB, ...content('Los Angeles'), status: 403, holds: 'Forbidden' },
  { who: 'bob', person: BOB, tool: 'get-env', args: {}, status: 403, holds: 'Forbidden' },
  { who: 'alice', person: ALICE, tool: 'get-env', args: {}, status: 200, holds: 'PATH' },
  {
    who: 'paula (premium)',
    person: PAULA,
    tool: 'get-sum',
    args: { a: 2, b: 3 },
    status: 200,
    holds: '5',
  },
];

/** The tools that a person sees; `all` is whatever the server has. */
export const LISTS: readonly {
  readonly person: Person;
  readonly tools: readonly string[] | 'all';
}[] = [
  { person: BOB, tools: ['echo', 'get-structured-content'] },
  { person: ALICE, tools: ['echo', 'get-env', 'get-structured-content'] },
  { person: PAULA, tools: 'all' },
];
