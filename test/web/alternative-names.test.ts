/**
 * Subject alternative names of certificates: one cannot pass for another.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { alternativeNames, isNameAllowed } from '../../src/web/alternative-names.ts';
import { describeWith } from '../support/tools.ts';

describe('alternative names', () => {
  const cases: readonly (readonly [text: string, names: readonly string[]])[] = [
    ['', []],
    ['DNS:a.example', ['a.example']],
    [
      'DNS:a.example, IP Address:10.0.0.1, email:a@b, URI:spiffe://c/d',
      ['a.example', '10.0.0.1', 'a@b', 'spiffe://c/d'],
    ],
    ['IP Address:FE80:0:0:0:0:0:0:1', ['fe80::1']],
    ['DNS:fe80::1%eth0, IP Address:nonsense', ['fe80::1%eth0', 'nonsense']],
    ['othername:<unsupported>, DNS:a', ['a']],
    ['DirName:"CN = x, DNS:evil, y", DNS:a', ['a']],
    ['DNS:a, DNS:"b', ['a']],
    ['nonsense, DNS:a', []],
    ['DNS:"\\x", DNS:b', []],
    ['DNS:"a\nb", DNS:b', []],
    ['URI:"http://a/, DNS:evil"', ['http://a/, DNS:evil']],
    ['DNS:"a\\", DNS:evil"', ['a", DNS:evil']],
    ['DNS:"a\\\\", DNS:b', ['a\\', 'b']],
    ['Registered ID:1.2.3', []],
    ['DNS:', ['']],
  ];
  for (const [text, names] of cases) {
    it(`of ${JSON.stringify(text)} are ${JSON.stringify(names)}`, () =>
      assert.deepEqual(alternativeNames(text), names));
  }

  it('are compared exactly, addresses in any spelling', () => {
    const text = 'DNS:a.example, IP Address:0:0:0:0:0:0:0:1';
    for (const [allowed, expected] of [
      [['a.example'], true],
      [['A.example'], false],
      [['*.example'], false],
      [['b.example', 'a.example'], true],
      [['::1'], true],
      [['0::0:1'], true],
      [['fe80::1%eth0'], false],
      [[], false],
      [[''], false],
    ] as const)
      assert.equal(isNameAllowed(text, allowed), expected, allowed.join());
  });
});

describeWith(['openssl'], 'alternative names of a real certificate', () => {
  it('are not extended by a name that contains a separator', () => {
    const folder = mkdtempSync(join(tmpdir(), 'satoken-names-'));
    const names = [
      'URI.1 = http://a/%2C DNS:evil',
      'URI.2 = "http://b/, DNS:evil.example"',
      'DNS.1 = good.example',
    ];
    writeFileSync(
      join(folder, 'config'),
      [
        '[req]',
        'distinguished_name = name',
        '[name]',
        '[names]',
        'subjectAltName = @list',
        '[list]',
        ...names,
      ].join('\n'),
    );
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=x'];
    const files = [
      '-keyout',
      join(folder, 'key'),
      '-out',
      join(folder, 'cert'),
      '-config',
      join(folder, 'config'),
    ];
    execFileSync('openssl', ['req', '-x509', ...curve, '-extensions', 'names', ...files], {
      stdio: 'ignore',
    });
    const { subjectAltName = '' } = new X509Certificate(readFileSync(join(folder, 'cert')));
    rmSync(folder, { recursive: true });
    assert.match(subjectAltName, /URI:"http:/);
    assert.deepEqual(alternativeNames(subjectAltName), [
      'http://a/%2C DNS:evil',
      'http://b/, DNS:evil.example',
      'good.example',
    ]);
  });
});
