// The run as one HTML file that needs nothing else: a table, and a chart and the costs of each measure.

import type { Result } from '../measure.ts';
import { type Machine, short } from '../report.ts';
import { chart } from './chart.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #ddd}
td.n{text-align:right;font-variant-numeric:tabular-nums}svg{width:100%;max-width:40rem;font-size:12px}
rect.ours{fill:#2b6cb0}rect.peer{fill:#b7b7b7}path{stroke:#1b1b1b;fill:none}.miss{color:#b00020;font-weight:600}
.small{color:#555;font-size:13px}@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}
text{fill:#eee}path{stroke:#eee}.small{color:#aaa}td,th{border-color:#333}}`;

export function benchPage(machine: Machine, results: readonly Result[]): string {
  const { date, size, cpu, cpus, memoryGib, node, load } = machine;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sallyport benches</title><style>${STYLE}</style>
<h1>Sallyport benches</h1>
<p class="small">${escape(`${date}, ${size} size; ${cpu}, ${cpus} CPUs, ${memoryGib} GiB, Node ${node}; load ${load.toFixed(1)} before it began`)}</p>
<table><thead><tr><th>Measure</th><th>Ours</th><th>Peer</th><th>Ratio</th><th>Aim</th><th></th></tr></thead>
<tbody>${results.map(tableRow).join('')}</tbody></table>
${results.map(section).join('\n')}
</html>
`;
}

function tableRow(result: Result): string {
  const { measure, ours, peer, ratio, aim, met, unit } = result;
  const word = met === null ? '' : met ? 'met' : '<span class="miss">missed</span>';
  return (
    `<tr><td>${escape(measure)}</td><td class="n">${short(ours)} ${escape(unit)}</td>` +
    `<td class="n">${peer === null ? '–' : short(peer)}</td>` +
    `<td class="n">${ratio === null ? '–' : short(ratio)}</td><td>${escape(aim)}</td><td>${word}</td></tr>`
  );
}

function section(result: Result): string {
  const { measure, peerName, note, costs } = result;
  const peer = peerName === null ? '' : ` The peer: ${peerName}.`;
  const items = costs.map((cost) => `<li class="small">${escape(cost)}</li>`).join('');
  return (
    `<h2>${escape(measure)}</h2>${chart(result)}` +
    `<p class="small">${escape(`${note}.${peer}`)}</p>${items === '' ? '' : `<ul>${items}</ul>`}`
  );
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
