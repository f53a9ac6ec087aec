/**
 * The exporter under the security context of the manifest: what it can read, what it cannot read without the capability,
 * and that it does nothing else.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import type { Volume } from '../../simulator/objects.ts';
import { CANARY_VOLUME } from '../../src/core/self-check.ts';
import { isKeptFromDebugger, listenersOf } from '../support/listeners.ts';
import { describeWith } from '../support/tools.ts';
import { type Running, startContainer } from './container.ts';
import { createFleet, type Fleet, TOKENS_IN_FLEET } from './fleet.ts';
import { type Image, imageOfHead, ROOT } from './image.ts';
import { type Container, daemonSetOf, type PodSpec, render } from './manifests.ts';
import { ALLOWED, isAllowed } from './profile.ts';
import { callsIn, isOfCoverage } from './system-calls.ts';

/** CAP_DAC_READ_SEARCH is capability 2. */
const DAC_READ_SEARCH = '0000000000000004';
/** System calls that read paths or add watches. */
const READING =
  /^(?:access|faccessat2?|getcwd|l?stat|newfstatat|open|openat|readlink(?:at)?|statfs|statx|inotify_add_watch)$/;
/** System calls that Node.js and glibc try first, and replace by others if they do not exist. */
const FALLBACKS = ['clone3', 'io_uring_setup'];
const WRITING = /O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)/;

describeWith(['root', 'mount namespaces', 'strace', 'kubectl'], 'the security context', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-context-'));
  const trace = join(folder, 'trace');
  const pod: PodSpec = daemonSetOf(render('daemonset/overlays/no-cluster')).spec.template.spec;
  const canary = pod.volumes.find(({ name }) => name === CANARY_VOLUME) as Volume;
  let image: Image;
  let fleet: Fleet;
  let container: Running;

  /** The pod with changes to its container. */
  const altered = (change: (container: Container) => Partial<Container>): PodSpec => {
    const [one] = pod.containers;
    return { ...pod, containers: [{ ...one, ...change(one) }] };
  };
  const start = async (spec: PodSpec, options = {}): Promise<Running> => {
    const { uid } = fleet.exporter.metadata;
    return startContainer({
      image,
      pod: spec,
      fields: { 'spec.nodeName': 'node-1', 'metadata.uid': uid },
      volumes: { pods: fleet.pods, [CANARY_VOLUME]: fleet.world.kubelet.volumeFolder(uid, CANARY_VOLUME) },
      ...options,
    });
  };
  const metrics = async ({ url }: Running): Promise<readonly string[]> => {
    const response = await fetch(`${url}/metrics`);
    return (await response.text()).split('\n');
  };
  const unreadable = async (one: Running): Promise<readonly string[]> => {
    const lines = (await metrics(one)).filter((line) => line.startsWith('satoken_unreadable{'));
    return lines.map((line) => {
      const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1];
      return `${label('pod_uid')}/${label('volume')}/${label('path')}: ${label('reason')}`;
    });
  };

  before(async () => {
    image = imageOfHead();
    fleet = createFleet(canary);
    container = await start(pod, {
      trace: { file: trace, allowed: ALLOWED },
    });
  });
  after(async () => {
    if (container.process.exitCode === null) await container.stop();
    fleet.remove();
    rmSync(folder, { recursive: true });
  });

  it('gives the process UID 0, one capability and no privilege escalation', () => {
    const status = container.procFile('status');
    for (const set of ['CapPrm', 'CapEff', 'CapBnd'])
      assert.match(status, new RegExp(`^${set}:\t${DAC_READ_SEARCH}$`, 'm'));
    for (const set of ['CapInh', 'CapAmb']) assert.match(status, new RegExp(`^${set}:\t0+$`, 'm'));
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.match(status, /^Uid:\t0\t0\t0\t0$/m);
    assert.match(container.procFile('mountinfo'), / \/ ro,.* - tmpfs /);
  });

  it('allows reading the tokens of every owner', async () => {
    const lines = await metrics(container);
    assert.ok(fleet.foreign().length >= 800);
    assert.deepEqual(await unreadable(container), []);
    assert.equal(lines.filter((line) => line.startsWith('satoken_info{')).length, TOKENS_IN_FLEET + 1);
  });

  it('starts without warnings and with the permission model of Node.js', () => {
    assert.match(container.log, /level=info msg=starting version=\S+ locked_down=true$/m);
    assert.doesNotMatch(container.log, /level=(?:warn|error)|\(node:\d+\)/);
  });

  it('allows watching volumes', async () => {
    const lines = await metrics(container);
    assert.ok(lines.some((line) => /^satoken_watches\{.*\} [1-9]/.test(line)));
    const failures = lines.filter((line) => line.startsWith('satoken_watch_errors_total{'));
    assert.ok(failures.length > 0 && failures.every((line) => line.endsWith(' 0')));
  });

  it('keeps SIGUSR1 from opening a debugger', async () => {
    container.process.kill('SIGUSR1');
    assert.ok(isKeptFromDebugger(container.process.pid));
    assert.ok((await metrics(container)).length > 0);
    assert.equal(listenersOf(container.process.pid), 1);
  });

  it('allows the scan command of the documentation', () => {
    const document = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
    const [, command = ''] = /kubectl exec .* -- (.* scan)$/m.exec(document) ?? [];
    const { tokens } = JSON.parse(container.exec([...command.split(' '), '--output=json'])) as {
      readonly tokens: readonly unknown[];
    };
    assert.equal(tokens.length, TOKENS_IN_FLEET + 1);
  });

  for (const [option, path] of [
    ['--audience.expect', '/etc/shadow'],
    ['--kubelet.root-dir', '/var/lib/other'],
  ] as const)
    it(`prevents a start with ${option} outside of the readable paths`, async () => {
      const elsewhere = start(altered(({ args }) => ({ args: [...args, `${option}=${path}`] })));
      await assert.rejects(
        elsewhere,
        new RegExp(`${option}: Node's permission model denies reading ${path}`),
      );
    });

  it('passes the self-check and the canary check', async () => {
    const lines = (await metrics(container)).filter((line) =>
      /^satoken_(?:self_view|canary_healthy)\{/.test(line),
    );
    assert.equal(lines.length, 5);
    assert.deepEqual(
      lines.filter((line) => !line.endsWith(' 1')),
      [],
    );
  });

  it('shows volumes that are mounted after the start', async () => {
    const { uid } = fleet.runAnother().metadata;
    try {
      const series = new RegExp(`^satoken_info\\{.*pod_uid="${uid}"`);
      while (!(await metrics(container)).some((line) => series.test(line)))
        assert.equal(container.process.exitCode, null);
    } finally {
      fleet.world.kubelet.remove(uid);
    }
  });

  it('leaves no file of a volume open', () => {
    const descriptors = readdirSync(`/proc/${container.process.pid}/fd`);
    const open = descriptors.map((descriptor) =>
      readlinkSync(`/proc/${container.process.pid}/fd/${descriptor}`),
    );
    assert.ok(open.some((path) => path.startsWith('socket:')));
    assert.deepEqual(
      open.filter((path) => path.includes('kubernetes.io') || path.includes('/pods')),
      [],
    );
  });

  it('is used only for reading: no writes, no changes, no child processes until exit', async () => {
    assert.deepEqual(await container.stop(), [0, null]);
    const [first, ...calls] = callsIn(trace);
    assert.equal(first?.name, 'execve');
    const ofPods = calls.filter(({ args }) => args.includes('"/var/lib/kubelet'));
    assert.ok(ofPods.filter(({ name }) => name.startsWith('open')).length > TOKENS_IN_FLEET);
    assert.deepEqual(
      ofPods.filter(({ name }) => !READING.test(name)),
      [],
    );
    assert.deepEqual(
      calls.filter(({ name, args }) => name.startsWith('open') && WRITING.test(args)),
      [],
    );
    const threads = calls.filter(({ name }) => name.startsWith('clone'));
    assert.ok(threads.length > 0);
    assert.deepEqual(
      threads.filter(({ args }) => !args.includes('CLONE_THREAD')),
      [],
    );
    const forbidden = /^(?:execve|execveat|fork|vfork|open_by_handle_at|ftruncate|fchmod|fchown)$/;
    assert.deepEqual(
      calls.filter(({ name }) => forbidden.test(name)),
      [],
    );
  });

  it('is used with the system calls that the seccomp profile allows, which are enforced by name', () => {
    const made = callsIn(trace);
    const isExpected = (name: string) => ALLOWED.includes(name) || FALLBACKS.includes(name);
    assert.ok(new Set(made.map(({ name }) => name)).size > 30);
    assert.deepEqual(
      made.filter((call) => !isExpected(call.name) && !isOfCoverage(call)),
      [],
    );
  });

  it('is used with the kinds of sockets that the seccomp profile allows', () => {
    const sockets = callsIn(trace).filter(({ name }) => name === 'socket');
    assert.ok(sockets.length > 0);
    const families = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16 };
    for (const { args } of sockets) {
      const family = families[/^AF_\w+/.exec(args)?.[0] as keyof typeof families];
      assert.ok(isAllowed('socket', [family]), args);
    }
  });

  it('without the capability makes tokens of other owners unreadable, and only those', async () => {
    const { capabilities } = pod.containers[0].securityContext;
    const bare = await start(
      altered(({ securityContext }) => ({
        securityContext: { ...securityContext, capabilities: { drop: capabilities.drop } },
      })),
    );
    try {
      assert.match(bare.procFile('status'), /^CapEff:\t0+$/m);
      const expected = fleet.foreign().map((token) => `${token}: permission_denied`);
      assert.deepEqual([...(await unreadable(bare))].sort(), [...expected].sort());
      const read = (await metrics(bare)).filter((line) => line.startsWith('satoken_info{')).length;
      assert.equal(read, TOKENS_IN_FLEET + 1 - expected.length);
    } finally {
      await bare.stop();
    }
  });

  it('without mount propagation makes later volumes unreadable as not_mounted', async () => {
    const unpropagated = await start(
      altered(({ volumeMounts }) => ({
        volumeMounts: volumeMounts.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
      })),
    );
    const { uid } = fleet.runAnother().metadata;
    try {
      const isReported = async () =>
        (await unreadable(unpropagated)).some((line) => line.startsWith(uid) && line.endsWith('not_mounted'));
      while (!(await isReported())) assert.equal(unpropagated.process.exitCode, null);
    } finally {
      fleet.world.kubelet.remove(uid);
      await unpropagated.stop();
    }
  });
});
