/**
 * Commands, flags and variables together, and every mistake in them at once.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { COMMANDS, type CommandLine, loadConfig } from '../../src/config/load.ts';

type Environment = Parameters<typeof loadConfig>[1];

function load(args: readonly string[], environment: Environment = {}): CommandLine {
  const loaded = loadConfig(args, environment);
  assert.deepEqual(loaded.ok ? [] : loaded.problems, []);
  return (loaded as { readonly commandLine: CommandLine }).commandLine;
}

function problems(args: readonly string[], environment: Environment = {}): readonly string[] {
  const loaded = loadConfig(args, environment);
  return loaded.ok ? [] : loaded.problems;
}

describe('commands', () => {
  it('serve is the one that is meant where none is named', () => {
    assert.equal(load([]).command, 'serve');
    assert.equal(load(['--log.level=debug']).command, 'serve');
  });

  for (const { name, operand } of COMMANDS) {
    const operands = operand === undefined ? [] : ['ns/pod'];

    it(`${name} takes ${operand ?? 'no operand'}, before or after its options`, () => {
      assert.deepEqual(load([name, ...operands, '--node-name=n']).operands, operands);
      assert.deepEqual(load(['--node-name=n', name, ...operands]).command, name);
    });

    it(`${name} takes no more`, () => {
      assert.deepEqual(problems([name, ...operands, 'extra']), [
        operand === undefined ? `${name}: takes no operands` : `${name}: takes one ${operand}`,
      ]);
    });
  }

  it('explain wants its pod', () => assert.deepEqual(problems(['explain']), ['explain: takes one <pod>']));

  it('takes what follows -- for operands, whatever they look like', () => {
    assert.deepEqual(load(['explain', '--', '--help']).operands, ['--help']);
  });

  it('are a closed set', () => assert.deepEqual(problems(['constructor']), ['constructor: no such command']));
});

describe('switches', () => {
  for (const { args, isWatching } of [
    { args: [], isWatching: true },
    { args: ['--scan.watch'], isWatching: true },
    { args: ['--scan.watch=true'], isWatching: true },
    { args: ['--no-scan.watch'], isWatching: false },
    { args: ['--scan.watch=false'], isWatching: false },
  ]) {
    it(`${args.join(' ') || 'nothing'} is ${isWatching}`, () => {
      assert.equal(load(args).config.isWatching, isWatching);
    });
  }

  it('are turned off over an environment that turns them on', () => {
    assert.equal(load(['--no-scan.watch'], { SATOKEN_SCAN_WATCH: 'true' }).config.isWatching, false);
  });
});

describe('--help and --version', () => {
  for (const args of [['--help'], ['-h'], ['scan', '--help']]) {
    it(`${args.join(' ')} asks for help`, () => assert.equal(load(args).isHelp, true));
  }

  it('--version asks for the version', () => assert.equal(load(['--version']).isVersion, true));

  it('are answered in spite of mistakes', () => {
    assert.equal(load(['--help', '--nonsense', '--log.level=x'], { SATOKEN_X: '1' }).isHelp, true);
  });
});

describe('mistakes', () => {
  const cases = [
    { it: 'an option that is not there', args: ['--foo'], problem: '--foo: no such option' },
    { it: 'one with a value', args: ['--foo=bar'], problem: '--foo: no such option' },
    { it: 'a short one', args: ['-x'], problem: '-x: no such option' },
    { it: 'the negation of one', args: ['--no-foo'], problem: '--no-foo: no such option' },
    {
      it: 'the negation of what is no switch',
      args: ['--no-output'],
      problem: '--no-output: no such option',
    },
    {
      it: 'a negation with a value',
      args: ['--no-scan.watch=1'],
      problem: '--no-scan.watch: takes no value',
    },
    { it: 'no value', args: ['--node-name'], problem: '--node-name: needs a value' },
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
    { it: 'names every object has', args: ['--__proto__=1'], problem: '--__proto__: no such option' },
  ];
  for (const { it: title, args, problem } of cases) {
    it(`${title} is told`, () => assert.deepEqual(problems(args), [problem]));
  }

  it('a variable that is no option is told', () => {
    assert.deepEqual(problems([], { SATOKEN_LOG_LEVLE: 'debug' }), ['SATOKEN_LOG_LEVLE: no such option']);
  });

  for (const name of [
    'SATOKEN_SERVICE_HOST',
    'SATOKEN_SERVICE_PORT',
    'SATOKEN_SERVICE_PORT_METRICS',
    'SATOKEN_PORT',
    'SATOKEN_PORT_9894_TCP',
    'SATOKEN_EXPORTER_PORT_9894_TCP_ADDR',
  ]) {
    it(`${name} is the kubelet's, of a Service, and none`, () => {
      assert.deepEqual(problems([], { [name]: 'tcp://10.0.0.1:9894' }), []);
    });
  }

  it('variables of others are none of ours', () => {
    assert.deepEqual(problems([], { PATH: '/bin', XSATOKEN_A: '1', UNSET: undefined }), []);
  });

  it('are all told at once: of flags, commands, variables and values', () => {
    assert.deepEqual(
      problems(['scam', '--foo', '--log.level=x', '--scan.interval=0s'], {
        SATOKEN_FOO: '1',
        SATOKEN_OUTPUT: 'yaml',
      }),
      [
        '--foo: no such option',
        'scam: no such command',
        'SATOKEN_FOO: no such option',
        '--log.level=x: must be one of debug, info, warn, error',
        '--scan.interval=0s: must be from 1s to 3600s',
        'SATOKEN_OUTPUT=yaml: must be one of table, json',
      ],
    );
  });
});
