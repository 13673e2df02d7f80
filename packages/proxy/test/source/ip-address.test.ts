/** One address, one spelling. */

import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIpAddress, parseIpAddress } from '../../src/source/ip-address.ts';

const canonical = (text: string): string | undefined => {
  const address = parseIpAddress(text);
  return address && formatIpAddress(address);
};

describe('parseIpAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::ffff:192.0.2.33', '192.0.2.33'],
    ['0:0:0:0:0:ffff:c000:221', '192.0.2.33'],
  ])('reads %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    '0x1.2.3.4',
    '1.2.3.-4',
    ':',
    ':::',
    '1:::2',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '::1%eth0',
    '[::1]',
    '::ffff:1.2.3.4:5',
  ])('refuses %j', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
  });

  it('agrees with Node about what is an address, and is its own inverse', () => {
    const group = fc.oneof(
      fc.constant('0'),
      fc.constant(''),
      fc.integer({ min: 0, max: 0x1_ffff }).map((value) => value.toString(16)),
    );
    const texts = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.array(group, { maxLength: 9 }).map((groups) => groups.join(':')),
      fc.array(fc.nat(300), { maxLength: 5 }).map((bytes) => bytes.join('.')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const found = canonical(text);
        expect(found !== undefined).toBe(isIP(text) !== 0);
        if (found !== undefined) expect(canonical(found)).toBe(found);
      }),
    );
  });
});
