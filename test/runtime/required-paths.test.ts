/**
 * What `serve` has to read, by its configuration.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { needsOf, type Readers } from '../../src/runtime/needs.ts';

const MOUNTS = '/var/run/secrets';
const CONFIG = { rootDir: '/kubelet', ownToken: `${MOUNTS}/canary/token`, audienceRules: '', webConfig: '' };

function paths({ config = CONFIG, ...others }: Partial<Readers> = {}): readonly string[] {
  const nothing = { kubeconfig: [], webFiles: [] };
  const needs = needsOf({ program: '/app', ...nothing, realPath: (path) => path, config, ...others });
  return needs.map(({ path, isFolder }) => `${path}${isFolder ? '/' : ''}`);
}

describe('what serve has to read', () => {
  const own = ['fd', 'limits', 'mountinfo', 'status'].map((name) => `/proc/self/${name}`);

  it('is the program, the pods, its own mounts and what it tells of itself', () => {
    assert.deepEqual(paths(), ['/app/', '/kubelet/pods/', `${MOUNTS}/`, ...own]);
  });

  it('is its own mounts by both names, where a link leads to them', () => {
    const realPath = (path: string) => path.replace('/var/run', '/run');
    assert.deepEqual(paths({ realPath }).slice(2, 4), [`${MOUNTS}/`, `${realPath(MOUNTS)}/`]);
  });

  it('is the folder of the own token, where that lies elsewhere', () => {
    const config = { ...CONFIG, ownToken: '/own/token' };
    assert.deepEqual(paths({ config }).slice(2, 4), [`${MOUNTS}/`, '/own/']);
  });

  it('is a file that an option names, and not its neighbours', () => {
    const config = { ...CONFIG, audienceRules: '/etc/rules.yaml' };
    assert.deepEqual(paths({ config }).slice(-1), ['/etc/rules.yaml']);
  });

  it('is what the configuration of the API server consists of', () => {
    assert.deepEqual(paths({ kubeconfig: ['/a', '/b'] }).slice(-2), ['/a', '/b']);
  });

  it('is the folder of the web configuration, and what that names elsewhere', () => {
    const config = { ...CONFIG, webConfig: '/etc/web/web.yml' };
    const webFiles = ['/etc/web/web.yml', '/etc/tls/tls.key'];
    assert.deepEqual(paths({ config, webFiles }).slice(-3), [
      '/etc/web/',
      '/etc/web/web.yml',
      '/etc/tls/tls.key',
    ]);
  });

  it('is never all that there is, where a file lies in the root', () => {
    const config = { ...CONFIG, ownToken: '/token', webConfig: '/web.yml' };
    const found = paths({ config, webFiles: ['/web.yml'] });
    assert.ok(found.includes('/token') && found.includes('/web.yml'));
    assert.ok(!found.includes('//') && !found.includes('/'));
  });

  it('is told from the root, wherever it is named from', () => {
    const config = { ...CONFIG, audienceRules: 'rules.yaml' };
    assert.deepEqual(paths({ config }).slice(-1), [`${process.cwd()}/rules.yaml`]);
  });
});
