/**
 * `helm test`: gets the metrics of the exporter's pods and reports what is not as it should be.
 *
 * Runs in the image of the exporter, without its permissions. Repeats until no problem is left or the time has passed, because the
 * first requests to the API server may still be in progress.
 */
import { lookup } from 'node:dns/promises';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const { SERVICE = '', PORT = '', METRICS_PATH = '', TIMEOUT_SECONDS = '60' } = process.env;
const MAX_PODS = 20;
const MAX_BYTES = 32 * 1024 * 1024;

/** Metrics that are 1 if all is well, and what to do otherwise. */
const HEALTH = {
  satoken_self_view: 'the exporter does not see its own tokens: kubelet.rootDir is wrong or propagation is missing',
  satoken_canary_healthy: 'the kubelet does not rotate the token of the exporter itself',
  satoken_cluster_up: 'the API server does not answer: rbac, or an egress policy; satoken_cluster_failure has the reason',
};

/** Resolves to status and body. Certificates are not verified: nothing secret is sent. */
function request(get, address) {
  return new Promise((resolve, reject) => {
    const options = { host: address, port: PORT, path: METRICS_PATH, timeout: 10_000, rejectUnauthorized: false };
    const sent = get(options, (response) => {
      const chunks = [];
      let size = 0;
      response.on('data', (chunk) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > MAX_BYTES) response.destroy(new Error('the response is too large'));
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() }));
    });
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.on('error', reject);
  });
}

/** A server with TLS answers 400 to plain HTTP, or closes the connection. */
async function fetchMetrics(address) {
  const plain = await request(getHttp, address).catch((error) => error);
  if (!(plain instanceof Error) && plain.status !== 400) return plain;
  return request(getHttps, address).catch((error) => {
    throw plain instanceof Error ? plain : error;
  });
}

function problemsIn(body) {
  const lines = body.split('\n');
  if (!lines.some((line) => line.startsWith('satoken_last_scan_timestamp_seconds')))
    return ['no metrics of sa-token-exporter'];
  return Object.entries(HEALTH).flatMap(([name, advice]) =>
    lines
      .filter((line) => line.startsWith(`${name}{`) && line.endsWith(' 0'))
      .map((line) => `${line}: ${advice}`),
  );
}

async function problemsOf(address) {
  try {
    const { status, body } = await fetchMetrics(address);
    if (status === 401 || status === 403) return [];
    return status === 200 ? problemsIn(body) : [`status ${status}`];
  } catch (error) {
    return [`${error.message}; does networkPolicy.from admit the pod of this test?`];
  }
}

/** Returns a line for each problem. */
async function check() {
  const found = await lookup(SERVICE, { all: true }).catch(() => []);
  const addresses = [...new Set(found.map(({ address }) => address))];
  if (addresses.length === 0) return { pods: 0, problems: [`${SERVICE}: no pod is ready`] };
  const checked = addresses.slice(0, MAX_PODS);
  const problems = await Promise.all(
    checked.map(async (address) => (await problemsOf(address)).map((problem) => `${address}: ${problem}`)),
  );
  return { pods: checked.length, problems: problems.flat() };
}

const end = performance.now() + 1_000 * Number(TIMEOUT_SECONDS);
let result = await check();
while (result.problems.length > 0 && performance.now() < end) {
  await sleep(2_000);
  result = await check();
}
for (const problem of result.problems) console.error(problem);
if (result.problems.length === 0) console.log(`no problem found, pods checked: ${result.pods}`);
process.exitCode = result.problems.length === 0 ? 0 : 1;
