/**
 * The page at `/` where the page of the node is switched off. Knows the paths, nothing of tokens.
 */
import { html } from './page/html.ts';

export interface LandingPage {
  readonly telemetryPath: string;
  readonly node: string;
  readonly version: string;
}

export function landingPage({ telemetryPath, node, version }: LandingPage): string {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>ServiceAccount token exporter</title></head>
<body>
<h1>ServiceAccount token exporter</h1>
<p>Node ${node}, version ${version}</p>
<ul>
<li><a href="${telemetryPath}">Metrics</a></li>
<li><a href="/healthz">Healthy</a></li>
<li><a href="/readyz">Ready</a></li>
</ul>
</body>
</html>
`.markup;
}
