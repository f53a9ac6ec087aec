/**
 * The style sheet of the page, and the content security policy that allows it and nothing else.
 */
import { createHash } from 'node:crypto';

/** Text has a contrast ratio of at least 4.5 in both color schemes. No meaning is carried by color alone. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--raised:#f4f6f8;--ink:#1b1f24;--soft:#505a64;--line:#d5dae0;--link:#0550ae;--bad:#a8201a;--warn:#7d4a00;--good:#1a6334}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14171a;--raised:#1d2226;--ink:#e8eaed;--soft:#aab3bc;--line:#363d44;--link:#8cbfff;--bad:#ff9d94;--warn:#f0c060;--good:#86dba0}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:90rem;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:1.6rem 0 .5rem}h3{font-size:.95rem;margin:0 0 .3rem}
p{margin:.3rem 0}nav a{margin-right:.5rem}footer{margin-top:1rem}:focus-visible{outline:2px solid var(--link);outline-offset:2px}
ul,ol{margin:.3rem 0;padding-left:1.3rem}a{color:var(--link)}i{color:var(--soft);font-style:normal}b,i,code{unicode-bidi:isolate}code{user-select:all;background:var(--line);padding:0 .25rem;border-radius:.2rem}
.bad{color:var(--bad)}.warn{color:var(--warn)}.good{color:var(--good)}.calm{font-weight:400}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));align-items:start;gap:.8rem;margin-top:1rem}
.cards>section{background:var(--raised);border:1px solid var(--line);border-radius:.5rem;padding:.7rem .9rem}.cards h2{margin:0 0 .3rem;font-size:1rem}
dl{display:grid;grid-template-columns:1fr auto;gap:.1rem .8rem;margin:0}dt{overflow-wrap:break-word}dd{margin:0;text-align:right}
form{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end}form a{padding:.35rem 0}label{display:grid;gap:.1rem;color:var(--soft)}
input,select,button{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:.3rem;padding:0 .5rem;height:2.1rem;max-width:100%}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .5rem;border-top:1px solid var(--line)}
th{color:var(--soft);font-weight:600}td>i{display:block}td:nth-child(2){overflow-wrap:break-word}td:nth-child(3)>i{white-space:normal}td:nth-child(n+3):nth-child(-n+5),th:nth-child(n+3):nth-child(-n+5){white-space:nowrap}th:nth-child(2){width:25%}th:first-child{width:18%}th:last-child{width:27%}.why td{border-top:0;padding-top:0}
summary{cursor:pointer}details{background:var(--raised);border-left:3px solid var(--soft);padding:.3rem .7rem;margin:.2rem 0}
details:has(>summary .bad){border-color:var(--bad)}details:has(>summary .warn){border-color:var(--warn)}
meter{width:100%;height:.7rem;display:block}
meter::-webkit-meter-bar{background:var(--line);border:0;border-radius:.35rem}
meter::-webkit-meter-optimum-value{background:var(--good);border-radius:.35rem}
tr:has(.warn) meter::-webkit-meter-optimum-value{background:var(--warn)}tr:has(.bad) meter::-webkit-meter-optimum-value{background:var(--bad)}
meter::-moz-meter-bar{background:var(--good)}tr:has(.warn) meter::-moz-meter-bar{background:var(--warn)}tr:has(.bad) meter::-moz-meter-bar{background:var(--bad)}
@media(max-width:70rem){
thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table,tbody,td{display:block}tr{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:0 1.5rem;border-top:1px solid var(--line);padding:.5rem 0}.why{border:0;padding-top:0}.why td{grid-column:1/-1}
td{border:0;padding:.1rem 0}
td:nth-child(3)::before{content:'Expiry '}td:nth-child(4)::before{content:'Refresh '}td:nth-child(5)::before{content:'Issued '}
}
@media(min-width:45rem){.cards:first-child>:first-child{grid-row:span 2}}
@media print{form,nav{display:none}meter{print-color-adjust:exact}tr,details,.cards>section{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}}
`;

/** Computed for each page: most exporters never serve one. */
export function pagePolicy(): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;
}
