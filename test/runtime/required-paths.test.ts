/**
 * The paths that `serve` must be allowed to read, by its configuration.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type PathInputs, requiredPathsOf } from '../../src/runtime/required-paths.ts';

const MOUNTS = '/var/run/secrets';
const CONFIG = {
  rootDir: '/kubelet',
  selfTokenFile: `${MOUNTS}/canary/token`,
  audienceRules: undefined,
  webConfig: undefined,
};

function paths({ config = CONFIG, ...others }: Partial<PathInputs> = {}): readonly string[] {
  const nothing = { kubeconfig: [], webFiles: [] };
  const required = requiredPathsOf({
    program: '/app',
    ...nothing,
    realPath: (path) => path,
    config,
    ...others,
  });
  return required.map(({ path, isFolder }) => `${path}${isFolder ? '/' : ''}`);
}

describe('the required paths', () => {
  const own = ['fd', 'limits', 'mountinfo', 'net/tcp', 'net/tcp6', 'status'].map(
    (name) => `/proc/self/${name}`,
  );

  it('are the program, the pods, the mounts of the exporter and its files in /proc', () => {
    assert.deepEqual(paths(), ['/app/', '/kubelet/pods/', `${MOUNTS}/`, ...own]);
  });

  it('include the mounts of the exporter by both names if a link leads to them', () => {
    const realPath = (path: string) => path.replace('/var/run', '/run');
    assert.deepEqual(paths({ realPath }).slice(2, 4), [`${MOUNTS}/`, `${realPath(MOUNTS)}/`]);
  });

  it("include the folder of the exporter's token if it is elsewhere", () => {
    const config = { ...CONFIG, selfTokenFile: '/own/token' };
    assert.deepEqual(paths({ config }).slice(2, 4), [`${MOUNTS}/`, '/own/']);
  });

  it('include a file that an option names, and not its folder', () => {
    const config = { ...CONFIG, audienceRules: '/etc/rules.yaml' };
    assert.deepEqual(paths({ config }).slice(-1), ['/etc/rules.yaml']);
  });

  it('include the kubeconfig and the files that it refers to', () => {
    assert.deepEqual(paths({ kubeconfig: ['/a', '/b'] }).slice(-2), ['/a', '/b']);
  });

  it('include the folder of the web configuration and the files that it refers to elsewhere', () => {
    const config = { ...CONFIG, webConfig: '/etc/web/web.yml' };
    const webFiles = ['/etc/web/web.yml', '/etc/tls/tls.key'];
    assert.deepEqual(paths({ config, webFiles }).slice(-3), [
      '/etc/web/',
      '/etc/web/web.yml',
      '/etc/tls/tls.key',
    ]);
  });

  it('never include the root folder, even if a file is in it', () => {
    const config = { ...CONFIG, selfTokenFile: '/token', webConfig: '/web.yml' };
    const found = paths({ config, webFiles: ['/web.yml'] });
    assert.ok(found.includes('/token') && found.includes('/web.yml'));
    assert.ok(!found.includes('//') && !found.includes('/'));
  });

  it('are absolute, also if an option is relative', () => {
    const config = { ...CONFIG, audienceRules: 'rules.yaml' };
    assert.deepEqual(paths({ config }).slice(-1), [`${process.cwd()}/rules.yaml`]);
  });
});
