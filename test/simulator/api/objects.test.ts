/**
 * Lists and single objects of the simulated API server, and its error responses.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import type { Pod, ServiceAccount } from '../../../simulator/objects.ts';
import { type ApiObject, CAPTURES, PODS_OF_NODE, withApi } from './client.ts';

const { items: captured } = JSON.parse(readFileSync(new URL('api.json', CAPTURES), 'utf8')) as {
  items: readonly ApiObject[];
};

/** The form of an object in a typed list: without kind and API version. */
function asItem({ kind: _kind, apiVersion: _apiVersion, ...object }: ApiObject): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: '' } };
}

const NAMED = ({ metadata }: ApiObject): string => `${metadata.namespace}/${metadata.name}`;

describe('lists of the simulated API server', () => {
  const kinds = [
    { kind: 'Pod', path: '/api/v1/pods?fieldSelector=spec.nodeName%3Dbench-node-1', count: 20 },
    { kind: 'ServiceAccount', path: '/api/v1/serviceaccounts', count: 42 },
  ] as const;
  for (const { kind, path, count } of kinds) {
    it(
      `contain each captured ${kind} as in the real API server`,
      withApi(async ({ cluster, list }) => {
        const objects = captured.filter((object) => object.kind === kind);
        for (const object of objects) {
          if (kind === 'Pod') cluster.setPod(object as unknown as Pod);
          else cluster.addServiceAccount(object as unknown as ServiceAccount);
        }
        const listed = await list(path);
        assert.deepEqual([listed.kind, listed.apiVersion], [`${kind}List`, 'v1']);
        assert.equal(listed.items.length, count);
        const items = listed.items.map((item) => ({ ...item, kind, apiVersion: 'v1' }));
        assert.deepEqual(items.map(asItem), objects.map(asItem));
      }),
    );
  }

  it(
    'carry the revision of the latest change to any object',
    withApi(async ({ cluster, list, addPod }) => {
      addPod({ name: 'web' });
      const { metadata, items } = await list('/api/v1/pods');
      assert.equal(metadata.resourceVersion, items[0]?.metadata.resourceVersion);
      cluster.createServiceAccount('default', 'later');
      const later = await list('/api/v1/pods');
      assert.equal(Number(later.metadata.resourceVersion), Number(metadata.resourceVersion) + 1);
    }),
  );

  it(
    'contain items without a kind, while single objects have one',
    withApi(async ({ fetch, list, addPod }) => {
      addPod({ name: 'web' });
      const [item] = (await list(PODS_OF_NODE)).items;
      const single = (await (await fetch('/api/v1/namespaces/default/pods/web')).json()) as ApiObject;
      assert.deepEqual(single, { kind: 'Pod', apiVersion: 'v1', ...item });
      assert.equal(item?.kind, undefined);
    }),
  );

  const selections = [
    { it: 'pods of a node', path: PODS_OF_NODE, names: ['default/web', 'shop/web'] },
    { it: 'all pods', path: '/api/v1/pods', names: ['default/far', 'default/web', 'shop/web'] },
    {
      it: 'pods of a namespace',
      path: '/api/v1/namespaces/default/pods',
      names: ['default/far', 'default/web'],
    },
    {
      it: 'pods of a namespace on a node',
      path: '/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName%3Dnode-1',
      names: ['default/web'],
    },
    {
      it: 'pods by two fields with = and !=',
      path: '/api/v1/pods?fieldSelector=metadata.name%3D%3Dweb,metadata.namespace!%3Dshop',
      names: ['default/web'],
    },
    {
      it: 'no pods if none match',
      path: '/api/v1/pods?fieldSelector=status.phase%3DFailed',
      names: [],
    },
    {
      it: 'service accounts of all namespaces',
      path: '/api/v1/serviceaccounts',
      names: ['default/default', 'shop/default'],
    },
    {
      it: 'service accounts of one namespace',
      path: '/api/v1/namespaces/shop/serviceaccounts',
      names: ['shop/default'],
    },
  ] as const;
  for (const { it: title, path, names } of selections) {
    it(
      `select ${title}`,
      withApi(async ({ list, addPod }) => {
        addPod({ name: 'web' });
        addPod({ name: 'web', namespace: 'shop' });
        addPod({ name: 'far', nodeName: 'node-2' });
        assert.deepEqual((await list(path)).items.map(NAMED), names);
      }),
    );
  }

  it(
    'select FailedMount events by the UID of the pod and the reason',
    withApi(async ({ cluster, list, addPod }) => {
      const [web, other] = [addPod({ name: 'web' }), addPod({ name: 'other' })];
      for (const pod of [web, other])
        cluster.recordFailure({ pod, message: `of ${pod.metadata.name}` }, 'node-1');
      const selector = `involvedObject.uid%3D${web.metadata.uid},reason%3DFailedMount`;
      const { kind, items } = await list(`/api/v1/events?fieldSelector=${selector}`);
      assert.equal(kind, 'EventList');
      assert.deepEqual(
        items.map(({ message }) => message),
        ['of web'],
      );
    }),
  );
});

describe('error responses of the simulated API server', () => {
  const status = (code: number, reason: string, message: string, details?: object) => ({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });
  const cases = [
    {
      it: 'a pod that does not exist',
      path: '/api/v1/namespaces/shop/pods/web',
      body: status(404, 'NotFound', 'pods "web" not found', { name: 'web', kind: 'pods' }),
    },
    {
      it: 'a service account in another namespace',
      path: '/api/v1/namespaces/shop/serviceaccounts/here',
      body: status(404, 'NotFound', 'serviceaccounts "here" not found', {
        name: 'here',
        kind: 'serviceaccounts',
      }),
    },
    {
      it: 'a resource that is not served',
      path: '/api/v1/secrets',
      body: status(404, 'NotFound', 'the server could not find the requested resource', {}),
    },
    {
      it: 'an unsupported field selector',
      path: '/api/v1/pods?fieldSelector=spec.hostname%3Dx',
      body: status(400, 'BadRequest', 'field label not supported: spec.hostname'),
    },
    {
      it: 'an invalid selector',
      path: '/api/v1/pods?fieldSelector=what',
      body: status(400, 'BadRequest', "invalid selector: 'what'; can't understand 'what'"),
    },
    {
      it: 'an invalid resource version',
      path: '/api/v1/pods?watch=1&resourceVersion=new',
      body: status(400, 'BadRequest', 'resourceVersion: Invalid value: "new"'),
    },
    {
      it: 'a DELETE request',
      path: '/api/v1/namespaces/default/serviceaccounts/here',
      method: 'DELETE',
      body: status(
        405,
        'MethodNotAllowed',
        'the server does not allow this method on the requested resource',
        {},
      ),
    },
  ] as const;
  for (const { it: title, path, body, ...init } of cases) {
    it(
      `are Status objects for ${title}`,
      withApi(async ({ cluster, fetch }) => {
        cluster.createServiceAccount('default', 'here');
        const response = await fetch(path, init);
        assert.equal(response.status, body.code);
        assert.equal(response.headers.get('content-type'), 'application/json');
        assert.deepEqual(await response.json(), body);
      }),
    );
  }

  it(
    'are plain text for a path outside the API',
    withApi(async ({ fetch }) => {
      const response = await fetch('/nowhere');
      assert.deepEqual([response.status, await response.text()], [404, '404 page not found\n']);
    }),
  );
});
