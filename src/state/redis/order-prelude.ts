import { MOST_TURNS } from '../../core/order/replay-turn.ts';
import { SCRIPT_PRELUDE } from './script-prelude.ts';

/**
 * What the scripts of ordered types begin with. A sequence is a MessagePack list: parked, passed, held, and while a
 * head waits: place, attempt, starts, fence, due, dead reason or '', note or false. -1 is no place. A sequence that
 * never had trouble has no record; src/state/memory/order-sequence.ts holds the same rules. Once it was replayed in
 * order: plan, state, replays done, replays in all, and whose plan it is. A place below -1 is that of a turn.
 */
export const ORDER_PRELUDE = `${SCRIPT_PRELUDE}
local S_PARKED, S_PASSED, S_HELD, S_PLACE, S_ATTEMPT, S_STARTS, S_FENCE, S_DUE, S_DEAD, S_NOTE =
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10
local S_PLAN, S_STATE, S_DONE, S_COUNT, S_BY = 11, 12, 13, 14, 15
local PLAN_PREPARED, PLAN_BEGUN, PLAN_ENDED = 1, 2, 3
local MOST_TURNS = ${MOST_TURNS}
local changed = false

local function open(name)
  changed = false
  return load(name) or {-1, -1, 0}
end

local function diverted(s)
  return s[S_PARKED] > s[S_PASSED] or s[S_STATE] == PLAN_BEGUN
end

local function set_head(s, head)
  changed = true
  for i = 1, 7 do s[S_HELD + i] = head and head[i] end
end

local function promise(s, place)
  if place > s[S_PARKED] then
    s[S_PARKED] = place
    changed = true
  end
end

local function divert(s, place)
  if s[S_PARKED] > s[S_PASSED] then return promise(s, place) end
  s[S_PARKED], s[S_PASSED] = place, place - 1
  changed = true
end

local function end_plan(s)
  if not s[S_PLAN] or s[S_STATE] == PLAN_ENDED then return end
  s[S_STATE] = PLAN_ENDED
  changed = true
  if s[S_PLACE] and s[S_PLACE] < 0 then set_head(s, nil) end
end

local function end_turn(s, place, died)
  if s[S_PLACE] == place then set_head(s, nil) end
  local index = -place % MOST_TURNS
  if s[S_PLAN] ~= math.floor(-place / MOST_TURNS) then return end
  if s[S_STATE] == PLAN_PREPARED and died == 'superseded' then end_plan(s) end
  if s[S_STATE] ~= PLAN_BEGUN or index <= s[S_DONE] then return end
  s[S_DONE] = died and index - 1 or index
  changed = true
  if not died and index < s[S_COUNT] then return end
  s[S_HELD] = died and max(1, s[S_HELD] - index + 1) or 0
  end_plan(s)
end

local function finish(s, place, waiting, died)
  if place < -1 then return end_turn(s, place, died) end
  if waiting then promise(s, place) end
  if (waiting or s[S_PARKED] > s[S_PASSED]) and place > s[S_PASSED] then
    s[S_PASSED] = place
    changed = true
  end
  local head = s[S_PLACE]
  if head and head >= 0 and head <= place then set_head(s, nil) end
end

local function save(name, s, ttl, renewed)
  if s[S_PARKED] < 0 and s[S_HELD] == 0 and not s[S_PLACE] and not s[S_PLAN] then
    remove(name)
  elseif changed or renewed then
    store(name, s, ttl)
  end
end

local function numbers(text)
  local list = {}
  for word in string.gmatch(text, '%S+') do list[#list + 1] = tonumber(word) end
  return list
end

-- Done under the key, dead or superseded under the job: the origin of what ended it, and the done mark.
local function ended_before(key, job_name, job_id, hop)
  if key then
    if key[1] == 'D' then return key[D_ORIGIN], key end
    local running = key[1] == 'R'
    if key[running and R_JOB or F_JOB] == job_id and key[running and R_HOP or F_HOP] > hop then
      return key[running and R_ORIGIN or F_ORIGIN]
    end
  end
  local job = load(job_name)
  if job and job[J_HOP] >= hop then return job[J_ORIGIN] end
  return nil
end
`;
