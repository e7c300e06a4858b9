import { type ScheduleName, scheduleNameSchema } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { signedByKeySchema, type SignedByKey } from '../core/signed.ts';
import type { Link } from './link.ts';
import { ALL_SLOT_SENT, CLAIM_SLOT, DECIDE_SLOT, SLOT_SENT_UNTIL } from './slot-scripts.ts';

/** A slot of a schedule. */
export type SlotId = { readonly schedule: ScheduleName; readonly slot: number };

/** What stands in Redis as the decision on a slot; null for what is none. Nobody has seen yet who signed it. */
export type StoredSlot = { readonly id: SlotId; readonly record: SignedByKey | null };

/** A signed decision; one that fires has orders to be sent. */
export type MadeDecision = { readonly record: SignedByKey; readonly fires: boolean };

/** A slot whose orders are not all sent, and until which moment they are. */
export type Unsent = SlotId & { readonly sentUntil: number };

/** What schedulers remember in common, so that each slot is decided once whoever is at work. */
export type SlotStore = {
  /**
   * Makes the decision on a slot, unless there is one; says whether it did. With a fire the orders are still to be sent,
   * by `owner` for as long as its lease lasts. What nobody has signed keeps its place too: it may be the decision of a
   * scheduler whose key is new, and to fire twice is worse than not to.
   */
  readonly decide: (id: SlotId, decision: MadeDecision, lease: Lease) => Promise<boolean>;
  readonly read: (id: SlotId) => Promise<StoredSlot | null>;
  /** The newest decisions of a schedule, by what Redis lists them by. */
  readonly last: (schedule: ScheduleName, count: number) => Promise<readonly StoredSlot[]>;
  /** Slots that fired and whose orders are not all sent. */
  readonly unsent: () => Promise<readonly Unsent[]>;
  /** Takes or keeps the right to send the orders of a slot; false when another has it. */
  readonly claim: (id: SlotId, lease: Lease) => Promise<boolean>;
  /** Writes down how far its orders are sent; nothing when another has the right by now, or all are. */
  readonly sentUntil: (id: SlotId, sent: { readonly at: number; readonly owner: string }) => Promise<void>;
  /** Writes down that nothing of it is left to send, unless another has the right by now. */
  readonly allSent: (id: SlotId, owner: string) => Promise<void>;
  /** When a scheduler first looked at a slot; `now` when none did. */
  readonly noticedAt: (id: SlotId, now: number) => Promise<number>;
  /** Up to when the slots of each rule are decided. A rule is a schedule's name and what says when it fires. */
  readonly decidedUntil: () => Promise<ReadonlyMap<string, number>>;
  readonly setDecidedUntil: (rule: string, at: number) => Promise<void>;
  /** Forgets rules that are in no file any more. */
  readonly forgetRules: (rules: readonly string[]) => Promise<void>;
  /** Forgets a schedule that is in no file any more, with its pause. */
  readonly forget: (schedule: ScheduleName) => Promise<void>;
};

export type Lease = { readonly owner: string; readonly ms: number };

const REMEMBERED_MS = 30 * 24 * 3_600_000;
/** Of one schedule. */
const MOST_LISTED = 1000;

export function openSlotStore({ ask, keys }: Link): SlotStore {
  const field = ({ schedule, slot }: SlotId): string => `${schedule}@${slot}`;
  const read = async (ids: readonly SlotId[]): Promise<readonly StoredSlot[]> => {
    if (ids.length === 0) return [];
    const texts = await ask((client) => client.mget(ids.map(({ schedule, slot }) => keys.slot(schedule, slot))));
    return ids.flatMap((id, index) => {
      const text = texts[index] ?? null;
      return text === null ? [] : [{ id, record: parseJsonAs(signedByKeySchema, text) }];
    });
  };
  return {
    decide: async (id, { record, fires }, { owner, ms }) => {
      const touched = [
        keys.slot(id.schedule, id.slot),
        keys.slots(id.schedule),
        keys.unsent,
        keys.sender(id.schedule, id.slot),
        keys.noticed,
      ];
      const sender = fires ? owner : '';
      const values = [JSON.stringify(record), REMEMBERED_MS, id.slot, MOST_LISTED, sender, field(id), ms];
      return (await ask((client) => client.eval(DECIDE_SLOT, touched.length, ...touched, ...values))) === 1;
    },
    read: async (id) => (await read([id]))[0] ?? null,
    last: async (schedule, count) => {
      const slots = await ask((client) => client.zrevrange(keys.slots(schedule), 0, count - 1));
      return await read(slots.map((slot) => ({ schedule, slot: Number(slot) })));
    },
    unsent: async () => {
      const stored = await ask((client) => client.hgetall(keys.unsent));
      return Object.entries(stored).flatMap(([text, until]) => {
        const id = readField(text);
        return id === null ? [] : [{ ...id, sentUntil: Number(until) }];
      });
    },
    claim: async ({ schedule, slot }, { owner, ms }) =>
      (await ask((client) => client.eval(CLAIM_SLOT, 1, keys.sender(schedule, slot), owner, ms))) === 1,
    sentUntil: async (id, { at, owner }) => {
      const touched = [keys.sender(id.schedule, id.slot), keys.unsent];
      await ask((client) => client.eval(SLOT_SENT_UNTIL, touched.length, ...touched, owner, field(id), at));
    },
    allSent: async (id, owner) => {
      const touched = [keys.sender(id.schedule, id.slot), keys.unsent];
      await ask((client) => client.eval(ALL_SLOT_SENT, touched.length, ...touched, owner, field(id)));
    },
    noticedAt: async (id, now) => {
      await ask((client) => client.hsetnx(keys.noticed, field(id), String(now)));
      return Number((await ask((client) => client.hget(keys.noticed, field(id)))) ?? now);
    },
    decidedUntil: async () => {
      const stored = await ask((client) => client.hgetall(keys.decidedUntil));
      return new Map(Object.entries(stored).map(([rule, at]) => [rule, Number(at)]));
    },
    setDecidedUntil: async (rule, at) => void (await ask((client) => client.hset(keys.decidedUntil, rule, String(at)))),
    forgetRules: async (rules) => {
      if (rules.length > 0) await ask((client) => client.hdel(keys.decidedUntil, ...rules));
    },
    forget: async (schedule) => {
      const slots = await ask((client) => client.zrange(keys.slots(schedule), 0, '-1'));
      const gone = slots.flatMap((slot) => [keys.slot(schedule, Number(slot)), keys.sender(schedule, Number(slot))]);
      await ask((client) => client.unlink(keys.slots(schedule), ...gone));
      for (const key of [keys.unsent, keys.noticed]) {
        const fields = await ask((client) => client.hkeys(key));
        const own = fields.filter((text) => readField(text)?.schedule === schedule);
        if (own.length > 0) await ask((client) => client.hdel(key, ...own));
      }
      await ask((client) => client.hdel(keys.pauses, schedule));
    },
  };
}

function readField(text: string): SlotId | null {
  const [name, slot] = text.split('@');
  const schedule = scheduleNameSchema.safeParse(name).data;
  // Whoever writes to Redis could put any number there; Date ends at 8.64e15.
  return schedule === undefined || !/^-?\d{1,15}$/.test(slot ?? '') ? null : { schedule, slot: Number(slot) };
}
