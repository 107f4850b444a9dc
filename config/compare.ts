// What differs between two loaded configurations, setting by setting. Of a sensitive one only that it does.

import { SETTINGS, type Config, type NamedSetting } from './table.ts';

export interface SettingChange {
  path: string;
  /** JSON; absent where the setting is sensitive. */
  before?: string;
  after?: string;
  sensitive: boolean;
}

/** In the table's order. */
export function compareConfigs(before: Config, after: Config): SettingChange[] {
  return [...SETTINGS.values()].flatMap((setting) => {
    const [one, other] = [valueText(before, setting), valueText(after, setting)];
    if (one === other) return [];
    const { path, sensitive } = setting;
    return [sensitive ? { path, sensitive } : { path, before: one, after: other, sensitive }];
  });
}

/** The value as JSON. */
export function valueText(config: Config, { path }: NamedSetting): string {
  const value = path
    .split('.')
    .reduce<unknown>((group, name) => (group as Record<string, unknown>)[name], config);
  return JSON.stringify(value);
}
