/**
 * The page at `/` for a person who opens the exporter in a browser. Knows the paths, nothing of tokens.
 */
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

export interface LandingPage {
  readonly telemetryPath: string;
  readonly node: string;
  readonly version: string;
}

export function landingPage({ telemetryPath, node, version }: LandingPage): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>ServiceAccount token exporter</title></head>
<body>
<h1>ServiceAccount token exporter</h1>
<p>Node ${escapeHtml(node)}, version ${escapeHtml(version)}</p>
<ul>
<li><a href="${escapeHtml(telemetryPath)}">Metrics</a></li>
<li><a href="/healthz">Healthy</a></li>
<li><a href="/readyz">Ready</a></li>
</ul>
</body>
</html>
`;
}
