import { packedWord, type WordPacker } from './word-packer.ts';

/** Digits of a fence. */
const FENCE_DIGITS = 17;

/**
 * How the record of an idempotency key is written, for the scripts. A kind, numbers of a fixed width, then what the
 * engine gave, packed by the client: what every job needs is put together and compared without reading it.
 *
 * - running: `R`, fence, until, hop, starts, attempt; run, job id, origin, dead reason or ''
 * - given back unused: `F`; job id, hop, starts, origin
 * - done: `D`, fence; origin, where its event is (absent when told one by one)
 *
 * Events lie on shelves (event-shelves.ts): `<tag>:e:<id>` holds those of one call until all of them are told.
 */
export const KEY_RECORDS = `
local format, sub = string.format, string.sub

local function load_key(name)
  local raw = held[name]
  if not raw then return nil end
  local kind = sub(raw, 1, 1)
  if kind == 'D' then return {'D', tonumber(sub(raw, 2, 18)), unpack_record(sub(raw, 19))} end
  if kind == 'F' then return {'F', unpack_record(sub(raw, 2))} end
  local run, job, origin, dead = unpack_record(sub(raw, 79))
  local hop, starts, attempt = tonumber(sub(raw, 34, 48)), tonumber(sub(raw, 49, 63)), tonumber(sub(raw, 64, 78))
  return {'R', tonumber(sub(raw, 2, 18)), tonumber(sub(raw, 19, 33)), run, job, hop, starts, attempt, dead, origin}
end

local function shelf_name(id)
  return sub(KEYS[1], 1, -6) .. 'e:' .. id
end

-- The event of a done mark that may still have to be told.
local function event_of(key)
  local place = key[D_PLACE]
  if not place then return nil end
  local dot = string.find(place, '.', 1, true)
  local shelf = call('GET', shelf_name(sub(place, 1, dot - 1)))
  if not shelf then return nil end
  local _, event = cmsgpack.unpack_one(shelf, tonumber(sub(place, dot + 1)))
  return event
end

local longest

-- Leaves a done mark; the shelf with its event stays as long as the longest mark.
local function put_mark(name, mark, lifetime)
  put(name, mark, lifetime)
  if lifetime ~= longest and (not longest or tonumber(lifetime) > tonumber(longest)) then longest = lifetime end
end

local function put_shelf()
  if longest then call('SET', shelf_name(EVENTS_ID), EVENTS, 'PX', longest) end
end

local function store_running(name, key, lifetime)
  local numbers =
    format('R%017.0f%015.0f%015.0f%015.0f%015.0f', key[R_FENCE], key[R_UNTIL], key[R_HOP], key[R_STARTS], key[R_ATTEMPT])
  put(name, numbers .. pack(key[R_RUN], key[R_JOB], key[R_ORIGIN], key[R_DEAD]), lifetime)
end

local function extend(name, key, lease)
  key[R_UNTIL] = max(key[R_UNTIL], now + lease)
  store_running(name, key, key[R_UNTIL] - now + GRACE)
end

local function holds(key, fence)
  return key ~= nil and key[1] == 'R' and key[R_FENCE] == fence
end

-- Whether what is held is a record of this kind and fence; 'mark' begins with them.
local function is_of(raw, kind, mark)
  return raw and sub(raw, 1, 1) == kind and sub(raw, 2, 18) == sub(mark, 2, 18)
end

-- The first claim of a key that nothing is known of; 'n' is what the numbers of a request come to, read once a batch.
local function take_fresh(name, n, asked, fence)
  put(name, format('R%017.0f', fence) .. n.until_text .. n.counts .. asked, n.life)
end

local function with_fresh(n, hop, attempt, starts, lease, may_start)
  n.until_text, n.life = format('%015.0f', now + lease), format('%.0f', lease + GRACE)
  n.counts = format('%015.0f%015.0f%015.0f', hop, starts + 1, attempt)
  n.attempt, n.started, n.may_start = attempt, starts + 1, may_start
  return n
end
`;

const padded = (number: number, digits: number): string => number.toFixed(0).padStart(digits, '0');

/** Adds a done mark as the scripts keep it, with or without the place of the event that is still to be told. */
export const addDoneMark = (
  to: WordPacker,
  { fence, origin }: { readonly fence: number; readonly origin: string },
  place?: string,
): void => {
  const mark = `D${padded(fence, FENCE_DIGITS)}${packedWord(origin)}`;
  to.addPacked(place === undefined ? mark : mark + packedWord(place));
};

const NOT_DEAD = packedWord('');

/** Adds what a claim asks for as a running key keeps it. */
export const addAsked = (
  to: WordPacker,
  { run, jobId, origin }: { readonly run: string; readonly jobId: string; readonly origin: string },
): void => to.addPacked(packedWord(run) + packedWord(jobId) + packedWord(origin) + NOT_DEAD);
