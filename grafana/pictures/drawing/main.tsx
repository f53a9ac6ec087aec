/**
 * Draws a dashboard on Grafana's grid of 24 columns. Has no variables, tooltips or links.
 */
import '@fontsource/inter/latin-400.css';
import '@fontsource/inter/latin-500.css';
import { createTheme, standardTransformers, standardTransformersRegistry, ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import type { CSSProperties, ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
// Not exported by the package.
import { initializeI18n } from '../node_modules/@grafana/i18n/dist/esm/i18n.mjs';
import { drawing, type Item } from './drawing.ts';
import { configureFields, fieldConfigOf } from './field-config.ts';
import { framesOf } from './frames.ts';
import { type BodyProps, PanelBody } from './panel-body.tsx';

const theme = createTheme({ colors: { mode: drawing.theme } });
const MARGIN = 8;
const ROW = 30 + MARGIN;
const COLUMN = (drawing.width - 2 * MARGIN) / 24;

type Prepared = Omit<BodyProps, 'width' | 'height'>;

async function prepare(item: Item): Promise<Prepared> {
  const config = fieldConfigOf(item.panel);
  return { panel: item.panel, config, data: configureFields(await framesOf(item), config, theme), theme };
}

type Placed = CSSProperties & { readonly width: number; readonly height: number };

function place({ x, y, w, h }: Item['panel']['gridPos']): Placed {
  const position = { left: MARGIN + x * COLUMN, top: MARGIN + y * ROW };
  return { position: 'absolute', ...position, width: w * COLUMN - MARGIN, height: h * ROW - MARGIN };
}

/** Below this width Grafana puts one panel below the other. */
const NARROW = 769;

function stacked(items: readonly Prepared[]): readonly Prepared[] {
  if (drawing.width >= NARROW) return items;
  let y = 0;
  return items.map((item) => {
    const { h } = item.panel.gridPos;
    y += h;
    return { ...item, panel: { ...item.panel, gridPos: { x: 0, y: y - h, w: 24, h } } };
  });
}

function Row({ title, gridPos }: Item['panel']): ReactNode {
  const look = { display: 'flex', alignItems: 'center', fontSize: 16, fontWeight: 500 };
  return <div style={{ ...place(gridPos), ...look, color: theme.colors.text.primary }}>{`▾ ${title}`}</div>;
}

function Panel(props: Prepared): ReactNode {
  const { title, type, description, gridPos } = props.panel;
  const style = place(gridPos);
  return (
    <div style={style} data-panel={title} data-type={type} data-empty={props.config.defaults.noValue ?? ''}>
      <PanelChrome {...{ title, description }} width={style.width} height={style.height} padding="md">
        {(width, height) => <PanelBody {...props} width={width} height={height} />}
      </PanelChrome>
    </div>
  );
}

function Dashboard({ items }: { readonly items: readonly Prepared[] }): ReactNode {
  const bottom = Math.max(...items.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h));
  const canvas = { position: 'relative', width: drawing.width, height: bottom * ROW + 2 * MARGIN };
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ ...canvas, background: theme.colors.background.canvas }}>
        {items.map((item) =>
          item.panel.type === 'row' ? (
            <Row key={item.panel.id} {...item.panel} />
          ) : (
            <Panel key={item.panel.id} {...item} />
          ),
        )}
      </div>
    </ThemeContext.Provider>
  );
}

/** Milliseconds without a change after which a drawing is finished. */
const QUIET = 500;

/** Grafana's components measure text and draw again. */
function whenQuiet(root: HTMLElement, then: () => void): void {
  let timer = setTimeout(then, 4 * QUIET);
  const observer = new MutationObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(finish, QUIET);
  });
  const finish = () => {
    observer.disconnect();
    then();
  };
  observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
}

async function draw(): Promise<void> {
  Object.assign(window, { grafanaBootData: { settings: {}, user: {} } });
  standardTransformersRegistry.setInit(() =>
    Array.from(new Map(Object.values(standardTransformers).map((one) => [one.id, one])).values(), (one) => ({
      ...{ id: one.id, name: one.name, transformation: async () => one, aliasIds: [], description: '' },
      ...{ editor: () => null, tags: new Set(), imageDark: '', imageLight: '' },
    })),
  );
  await initializeI18n({ language: 'en-US', ns: 'grafana' });
  await Promise.all(['400 12px Inter', '500 14px Inter'].map((font) => document.fonts.load(font)));
  document.body.style.background = theme.colors.background.canvas;
  const items = await Promise.all(drawing.panels.map(prepare));
  const root = document.querySelector<HTMLElement>('#root');
  if (root === null) throw new Error('no element to draw in');
  createRoot(root).render(<Dashboard items={stacked(items)} />);
  whenQuiet(root, () => root.toggleAttribute('data-is-drawn', true));
}

void draw();
