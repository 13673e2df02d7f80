/** What the key store's library says, and what thv makes of it. */
import { describe, expect, it } from 'vitest';
import { carryOut, type LibraryEntry } from '../src/secrets/answer-key-store.ts';
import { answerFromJson, requestFromJson } from '../src/secrets/key-store.ts';

const KEY = 'A'.repeat(43);
const READ = { do: 'read', entry: 'e' } as const;
const CREATE = { do: 'create', entry: 'e', text: KEY } as const;

/** An entry of the library that can be told to fail or to forget. */
function createEntry(start: string | null, keeps = true): LibraryEntry & { text: string | null } {
  return {
    text: start,
    getPassword() {
      return this.text;
    },
    setPassword(password) {
      this.text = keeps ? password : this.text;
    },
  };
}

const failing = (message: string) => () => {
  throw new Error(message);
};

describe('a key store', () => {
  it('keeps a new entry and reads it back', () => {
    const entry = createEntry(null);
    expect(carryOut(READ, () => entry)).toEqual({ status: 'missing' });
    expect(carryOut(CREATE, () => entry)).toEqual({ status: 'found', text: KEY });
    expect(carryOut(READ, () => entry)).toEqual({ status: 'found', text: KEY });
  });

  it('is never asked to replace an entry', () => {
    const entry = createEntry('somebody else’s');
    expect(carryOut(CREATE, () => entry)).toMatchObject({ status: 'failed' });
    expect(entry.text).toBe('somebody else’s');
  });

  it('is not believed when it keeps nothing', () => {
    expect(carryOut(CREATE, () => createEntry(null, false))).toEqual({ status: 'missing' });
  });

  it.each<[string, string, RegExp]>([
    // As the library words them: on Linux …
    [
      'Platform failure: DBus error: Using X11 for dbus-daemon autolaunch was disabled at compile time',
      'absent',
      /no D-Bus/,
    ],
    [
      'Platform failure: DBus error: Failed to connect to socket /run/user/0/bus: Permission denied',
      'absent',
      /no D-Bus/,
    ],
    [
      'Platform failure: DBus error: The name org.freedesktop.secrets was not provided by any .service files',
      'absent',
      /no program offers one/,
    ],
    ["Couldn't access platform storage: Secret Service: no result found", 'absent', /no place/],
    [
      "Couldn't access platform storage: Secret Service: unlock prompt was dismissed",
      'locked',
      /locked, or what it asked was refused/,
    ],
    ['Entry is matched by 2 credentials: [Entry { … }]', 'failed', /several/],
    ['Password data is not valid UTF-8', 'found', /^$/],
    // … and on macOS.
    ['Platform failure: User canceled the operation.', 'locked', /locked/],
    ['Platform failure: User interaction is not allowed.', 'locked', /locked/],
    ['Platform failure: the disk is full', 'failed', /^Platform failure: the disk is full$/],
  ])('that says %j is %s', (message, status, text) => {
    for (const request of [READ, CREATE]) {
      const answer = carryOut(request, failing(message));
      expect(answer.status).toBe(status);
      expect('why' in answer ? answer.why : 'text' in answer && answer.text).toMatch(text);
    }
  });

  it('cannot bring the key into a message', () => {
    const answer = carryOut(CREATE, failing(`cannot keep ${KEY} (${KEY})`));
    expect(answer).toEqual({ status: 'failed', why: 'cannot keep … (…)' });
  });
});

describe('what passes between the processes', () => {
  it.each([
    undefined,
    null,
    'read',
    {},
    { do: 'read' },
    { do: 'read', entry: 1 },
    { do: 'create', entry: 'e' },
    { do: 'delete', entry: 'e' },
  ])('is no request: %j', (json) => expect(requestFromJson(json)).toBeUndefined());

  it.each([READ, CREATE])('is a request: %j', (json) =>
    expect(requestFromJson(json)).toEqual(json),
  );

  it.each([undefined, [], { status: 'found' }, { status: 'locked' }, { status: 'x', why: 'y' }])(
    'is no answer, which is a failure: %j',
    (json) => expect(answerFromJson(json).status).toBe('failed'),
  );
});
