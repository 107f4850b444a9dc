// Rules of the profile and the database.

import type { Config } from '../table.ts';
import type { RuleBreach } from './breach.ts';

export function deploymentRules(config: Config): RuleBreach[] {
  return [...profileRules(config), ...postgresRules(config)];
}

function profileRules({ profile, database, drill }: Config): RuleBreach[] {
  const found: RuleBreach[] = [];
  if (profile === 'cluster' && database.kind !== 'postgres') {
    found.push({
      path: 'database.kind',
      besides: ['profile'],
      expected: 'postgres, because the replicas of the cluster profile share it',
      found: database.kind,
    });
  }
  if (profile !== 'drill' && drill.fault_points !== null) {
    found.push({
      path: 'drill.fault_points',
      besides: ['profile'],
      expected: 'null outside the drill profile',
      found: `a path in the ${profile} profile`,
    });
  }
  return found;
}

function postgresRules({ database: { kind, postgres } }: Config): RuleBreach[] {
  if (kind !== 'postgres') return [];
  const passwords = (['app_password', 'engine_password'] as const)
    .filter((name) => postgres[name] === null)
    .map((name) => ({
      path: `database.postgres.${name}`,
      besides: ['database.kind'],
      expected: 'a password, because database.kind is postgres',
      found: 'nothing',
    }));
  const pairs = [
    ['app_user', 'owner_user'],
    ['engine_user', 'owner_user'],
    ['app_user', 'engine_user'],
  ] as const;
  const shared = pairs
    .filter(([one, other]) => postgres[one] === postgres[other])
    .map(([one, other]) => ({
      path: `database.postgres.${one}`,
      besides: [`database.postgres.${other}`],
      expected: `another role than ${other}, or row-level security does not hold`,
      found: `${postgres[one]} for both`,
    }));
  return [...passwords, ...shared];
}
