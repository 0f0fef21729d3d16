/** Something that has work to do when the current turn of the event loop ends. */
export interface TurnEndTask {
  onTurnEnd(): void
}

/** The tasks of this turn are the first `count`. It never shrinks, so that a turn of many sockets does not build it up anew. */
const tasks: (TurnEndTask | undefined)[] = []
let count = 0

/**
 * Calls `task.onTurnEnd()` once all microtasks of this turn have run: everything that a handler sends in answer to one chunk
 * is then there, and leaves in one write. One `process.nextTick` serves every socket of the turn.
 */
export function runAtTurnEnd(task: TurnEndTask): void {
  tasks[count++] = task
  if (count === 1) process.nextTick(runTasks, 0)
}

function runTasks(first: number): void {
  let next = first
  try {
    // By index: a task may add further ones to the end of the list.
    while (next < count) {
      const task = tasks[next]
      tasks[next++] = undefined
      task?.onTurnEnd()
    }
    count = 0
  } catch (error) {
    // A transport that throws takes its own socket down, and no other.
    process.nextTick(runTasks, next)
    throw error
  }
}
