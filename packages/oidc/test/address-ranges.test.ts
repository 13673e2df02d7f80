import { describe, expect, it } from 'vitest';
import { isLoopbackAddress, isLoopbackHost, isSpecialAddress } from '../src/index.ts';

const special = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.1.1.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
  '0:0:0:0:0:ffff:10.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  '64:ff9b:1:a00:0:100:808:808',
  '100::1',
  '2001::1',
  '2001:0:4136:e378::',
  '2001:db8::1',
  '2002:a00:1::',
  '2002:7f00:1::1',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fdff::1',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fec0::1',
  'ff02::1',
  'FE80::1',
];
const ordinary = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.1',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.1',
  '192.167.255.255',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700::1',
  '2a00:1450:4001::200e',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  '2002:808:808::1',
  '2001:200::1',
  '2001:4860:4860::8888',
];
const noAddress = [
  '',
  'localhost',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '1.2.3.4:80',
  ':::',
  '1::2::3',
  '12345::',
  'g::1',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7',
  '::1.2.3.256',
];

describe('isSpecialAddress', () => {
  it.each(special)('refuses %s', (address) => expect(isSpecialAddress(address)).toBe(true));
  it.each(ordinary)('allows %s', (address) => expect(isSpecialAddress(address)).toBe(false));
  it.each(noAddress)('refuses what is no address: "%s"', (text) =>
    expect(isSpecialAddress(text)).toBe(true),
  );
});

describe('isLoopbackAddress and isLoopbackHost', () => {
  it.each(['127.0.0.1', '127.255.0.1', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])(
    '%s is loopback',
    (address) => {
      expect([isLoopbackAddress(address), isLoopbackHost(address)]).toEqual([true, true]);
    },
  );
  it.each([
    '128.0.0.1',
    '::2',
    '::',
    '10.0.0.1',
    '::ffff:10.0.0.1',
    'localhost.',
    'x.localhost',
    'localhost.example',
  ])('%s is not', (host) => {
    expect([isLoopbackAddress(host), isLoopbackHost(host)]).toEqual([false, false]);
  });
  it('knows the name in any case, and brackets', () => {
    expect(['LocalHost', '[::1]'].map(isLoopbackHost)).toEqual([true, true]);
  });
});
