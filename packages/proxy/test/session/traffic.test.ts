/** What a session remembers of its requests, and that it does not grow with their number. */

import { describe, expect, it } from 'vitest';
import { createSessionTraffic } from '../../src/session/traffic.ts';
import { heldAfterCollection, MIB } from '../support/held.ts';

const LIST = { list: 'tools', mayBeginTask: false, isJudged: true } as const;

describe('the ids of lists', () => {
  it.each([
    ['as they were', '"abc"', '"abc"'],
    ['as a number for a text', '"1"', '1'],
    ['as a text for a number', '7', '"7"'],
    ['as a text that is read as the number', '1000', '"1e3"'],
    ['rounded', '9007199254740993', '9007199254740992'],
    ['escaped', '"\\u0061bc"', '"abc"'],
  ])('are known again %s, however many came after', (_name, asked, answered) => {
    const traffic = createSessionTraffic();
    traffic.clientAsked(asked, LIST);
    for (let number = 0; number < 3000; number += 1) {
      traffic.clientAsked(`"other-${number}"`, LIST);
      traffic.clientAnswered(`"other-${number}"`);
    }
    expect(traffic.mayAnswerList(answered)).toBe(true);
  });

  it('are seldom mistaken for others, so that few answers are read for nothing', () => {
    const traffic = createSessionTraffic();
    const others = Array.from({ length: 10_000 }, (_, number) => `"call-${number}"`);
    const mistaken = () => others.filter((id) => traffic.mayAnswerList(id)).length;
    expect(mistaken()).toBe(0);
    for (let number = 0; number < 100; number += 1) traffic.clientAsked(String(number), LIST);
    expect(mistaken()).toBeLessThan(others.length / 50);
  });

  it('do not fill the memory, however long and many they are', async () => {
    const all = Array.from({ length: 20 }, () => createSessionTraffic());
    const before = await heldAfterCollection();
    const idOf = (session: number, number: number) =>
      `"${`${session}-${number}-`.padEnd(250, 'x')}"`;
    for (const [session, traffic] of all.entries()) {
      for (let number = 0; number < 1000; number += 1) {
        const id = idOf(session, number);
        traffic.clientAsked(id, LIST);
        traffic.clientAnswered(id);
      }
    }
    const after = await heldAfterCollection();
    expect((after - before) / MIB).toBeLessThan(1);
    const known = all.filter((traffic, session) => traffic.mayAnswerList(idOf(session, 0)));
    expect(known).toHaveLength(all.length);
  });
});
