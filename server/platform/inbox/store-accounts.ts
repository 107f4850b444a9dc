// SQL of provider accounts: whose events an address of ours receives. One per organization and provider.

import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';
import type { EngineDatabase, OrgQueryable, Tx } from '../database/database.ts';
import { remembered } from '../database/remembered.ts';
import type { Deps } from '../deps.ts';

export interface ProviderAccount {
  id: string;
  orgId: string;
  provider: string;
  status: 'active' | 'disabled';
  createdAt: Instant;
}

type AccountRow = {
  id: string;
  org_id: string;
  provider: string;
  status: ProviderAccount['status'];
  created_at: number;
};

const COLUMNS = 'a.id, a.org_id, a.provider, a.status, a.created_at';

/** Finds the account or makes it; two callers at once get the same one. */
export async function ensureProviderAccount(
  tx: Tx,
  deps: Pick<Deps, 'ids' | 'world'>,
  provider: string,
): Promise<ProviderAccount> {
  await tx.execute(
    `insert into provider_account (org_id, id, provider, status, created_at, version)
     values ($1, $2, $3, 'active', $4, 1) on conflict (org_id, provider) do nothing`,
    [tx.org, deps.ids.make('providerAccount'), provider, deps.world.clock.now()],
  );
  const account = await accountOf(tx, provider);
  if (account === null) throw new Error('Invariant broken: a provider account was not made');
  return account;
}

/** An account keeps its id for good. */
const ids = remembered<string>();

export async function providerAccountId(tx: Tx, deps: Deps, provider: string): Promise<string> {
  const known = ids(deps.databases);
  const key = `${tx.org}/${provider}`;
  const there = known.get(key);
  if (there !== undefined) {
    tx.afterRollback(() => known.delete(key));
    return there;
  }
  const { id } = await ensureProviderAccount(tx, deps, provider);
  tx.afterCommit(() => known.set(key, id));
  return id;
}

export async function accountOf(
  db: OrgQueryable,
  provider: string,
): Promise<ProviderAccount | null> {
  const rows = await db.query<AccountRow>(
    `select ${COLUMNS} from provider_account a where a.org_id = $1 and a.provider = $2`,
    [db.org, provider],
  );
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/** For what arrives without naming an organization; a disabled account is as good as none. */
export async function findAccount(
  db: EngineDatabase,
  accountId: string,
): Promise<ProviderAccount | null> {
  const rows = await db.query<AccountRow>(
    `select ${COLUMNS} from provider_account a where a.id = $1 and a.status = 'active'`,
    [accountId],
  );
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

export async function listAccounts(
  db: EngineDatabase,
  provider: string,
): Promise<readonly ProviderAccount[]> {
  const rows = await db.query<AccountRow>(
    `select ${COLUMNS} from provider_account a
      where a.provider = $1 and a.status = 'active' order by a.id`,
    [provider],
  );
  return rows.map(fromRow);
}

/** An account of an organization, and how far its events are known. */
export interface AccountState extends Omit<ProviderAccount, 'orgId'> {
  caughtUpTo: Instant | null;
  polledAt: Instant | null;
}

export async function listAccountStates(
  db: OrgQueryable,
  page: PageRequest,
): Promise<Page<AccountState>> {
  const rows = await db.query<
    AccountRow & { caught_up_to: Instant | null; polled_at: Instant | null }
  >(
    `select ${COLUMNS}, c.caught_up_to, c.polled_at
       from provider_account a
       left join provider_cursor c on c.org_id = a.org_id and c.provider_account_id = a.id
      where a.org_id = $1 and a.id > $2 order by a.id limit $3`,
    [db.org, page.after ?? '', page.limit + 1],
  );
  const states = rows.map((row) => ({
    ...fromRow(row),
    caughtUpTo: row.caught_up_to,
    polledAt: row.polled_at,
  }));
  return toPage(states, page.limit);
}

function fromRow(row: AccountRow): ProviderAccount {
  const { id, provider, status } = row;
  return { id, orgId: row.org_id, provider, status, createdAt: row.created_at };
}
