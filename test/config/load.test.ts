/**
 * The configuration from commands, flags and variables together, and every problem with them at once.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { COMMANDS, loadConfig } from '../../src/config/load.ts';
import { commandLineOf, configOf } from '../support/config.ts';

type Environment = Parameters<typeof loadConfig>[1];

function problems(args: readonly string[], environment: Environment = {}): readonly string[] {
  const loaded = loadConfig(args, environment);
  return loaded.ok ? [] : loaded.error;
}

describe('the command', () => {
  it('is serve if none is named', () => {
    assert.equal(commandLineOf([]).command, 'serve');
    assert.equal(commandLineOf(['--log.level=debug']).command, 'serve');
  });

  for (const { name, operand } of COMMANDS) {
    const operands = operand === undefined ? [] : ['ns/pod'];

    it(`${name} takes ${operand ?? 'no argument'}, before or after its options`, () => {
      assert.deepEqual(commandLineOf([name, ...operands, '--node-name=n']).operands, operands);
      assert.deepEqual(commandLineOf(['--node-name=n', name, ...operands]).command, name);
    });

    it(`${name} takes no further argument`, () => {
      assert.deepEqual(problems([name, ...operands, 'extra']), [
        operand === undefined
          ? `${name}: does not take arguments`
          : `${name}: requires exactly one ${operand}`,
      ]);
    });
  }

  it('explain requires a pod', () => {
    assert.deepEqual(problems(['explain']), ['explain: requires exactly one <pod>']);
  });

  for (const pod of ['', ' ', 'a/b/c', 'payments/', '/api-0', 'a b'])
    it(`explain does not take '${pod}' as a pod`, () => {
      assert.deepEqual(problems(['explain', pod]), [
        `explain: '${pod}' is not a pod; write a name, namespace/name or UID`,
      ]);
    });

  it('takes what follows -- as arguments, even if it looks like a flag', () => {
    assert.deepEqual(commandLineOf(['explain', '--', '--help']).operands, ['--help']);
  });

  it('is one of a closed set', () => {
    assert.deepEqual(problems(['constructor']), ['constructor: unknown command']);
  });
});

describe('a switch', () => {
  for (const { args, isWatching } of [
    { args: [], isWatching: true },
    { args: ['--scan.watch'], isWatching: true },
    { args: ['--scan.watch=true'], isWatching: true },
    { args: ['--no-scan.watch'], isWatching: false },
    { args: ['--scan.watch=false'], isWatching: false },
  ]) {
    it(`is ${isWatching} with ${args.join(' ') || 'no flag'}`, () => {
      assert.equal(configOf(args).isWatching, isWatching);
    });
  }

  it('is false with its negative flag, even if the environment sets it to true', () => {
    assert.equal(configOf(['--no-scan.watch'], { SATOKEN_SCAN_WATCH: 'true' }).isWatching, false);
  });
});

describe('a request for help or version', () => {
  for (const [args, command] of [
    [['--help'], undefined],
    [['-h'], undefined],
    [['scan', '--help'], 'scan'],
    [['--version', '--help'], undefined],
  ] as const) {
    it(`is for the help with ${args.join(' ')}`, () => {
      assert.deepEqual(loadConfig(args, {}), { ok: true, value: { kind: 'help', command } });
    });
  }

  it('is for the version with --version', () => {
    assert.deepEqual(loadConfig(['--version'], {}), { ok: true, value: { kind: 'version' } });
  });

  it('succeeds despite problems', () => {
    const loaded = loadConfig(['--help', '--nonsense', '--log.level=x', 'scam'], { SATOKEN_X: '1' });
    assert.deepEqual(loaded, { ok: true, value: { kind: 'help', command: undefined } });
  });
});

describe('a problem', () => {
  const cases = [
    { it: 'an unknown option', args: ['--foo'], problem: '--foo: unknown option' },
    { it: 'an unknown option with a value', args: ['--foo=bar'], problem: '--foo: unknown option' },
    { it: 'a short option', args: ['-x'], problem: '-x: unknown option' },
    { it: 'the negation of an unknown option', args: ['--no-foo'], problem: '--no-foo: unknown option' },
    {
      it: 'the negation of an option that is not a switch',
      args: ['--no-output'],
      problem: '--no-output: unknown option',
    },
    {
      it: 'a negation with a value',
      args: ['--no-scan.watch=1'],
      problem: '--no-scan.watch: does not take a value',
    },
    { it: 'a missing value', args: ['--node-name'], problem: '--node-name: requires a value' },
    {
      it: 'an option given twice',
      args: ['--output=json', '--output', 'table'],
      problem: '--output: given more than once',
    },
    {
      it: 'a switch turned on and off',
      args: ['--scan.watch', '--no-scan.watch'],
      problem: '--no-scan.watch: given more than once',
    },
    {
      it: 'an option with the name of an object property',
      args: ['--__proto__=1'],
      problem: '--__proto__: unknown option',
    },
  ];
  for (const { it: title, args, problem } of cases) {
    it(`is ${title}`, () => assert.deepEqual(problems(args), [problem]));
  }

  it('is a variable for an unknown option', () => {
    assert.deepEqual(problems([], { SATOKEN_LOG_LEVLE: 'debug' }), ['SATOKEN_LOG_LEVLE: unknown option']);
  });

  for (const name of [
    'SATOKEN_SERVICE_HOST',
    'SATOKEN_SERVICE_PORT',
    'SATOKEN_SERVICE_PORT_METRICS',
    'SATOKEN_PORT',
    'SATOKEN_PORT_9894_TCP',
    'SATOKEN_EXPORTER_PORT_9894_TCP_ADDR',
  ]) {
    it(`is not ${name}, which the kubelet sets for a Service`, () => {
      assert.deepEqual(problems([], { [name]: 'tcp://10.0.0.1:9894' }), []);
    });
  }

  it('is not a variable without the prefix', () => {
    assert.deepEqual(problems([], { PATH: '/bin', XSATOKEN_A: '1', UNSET: undefined }), []);
  });

  it('is reported together with all others: of flags, commands, variables and values', () => {
    assert.deepEqual(
      problems(['scam', '--foo', '--log.level=x', '--scan.interval=0s'], {
        SATOKEN_FOO: '1',
        SATOKEN_OUTPUT: 'yaml',
      }),
      [
        '--foo: unknown option',
        'scam: unknown command',
        'SATOKEN_FOO: unknown option',
        '--scan.interval=0s: must be between 1s and 3600s',
        '--log.level=x: must be one of debug, info, warn, error',
        'SATOKEN_OUTPUT=yaml: must be one of table, json',
      ],
    );
  });
});
