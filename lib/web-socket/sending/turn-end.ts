/** A task for the end of the current turn of the event loop. */
export interface TurnEndTask {
  onTurnEnd(): void
}

/** The first `count` entries are the tasks of this turn. The array never shrinks, so that a turn with many sockets need not grow it again. */
const tasks: (TurnEndTask | undefined)[] = []
let count = 0

/**
 * Calls `task.onTurnEnd()` after all microtasks of this turn. By then, the handler has sent all its answers to a chunk, and they leave in one write.
 * All sockets share one `process.nextTick`.
 */
export function runAtTurnEnd(task: TurnEndTask): void {
  tasks[count++] = task
  if (count === 1) process.nextTick(runTasks, 0)
}

function runTasks(first: number): void {
  let next = first
  try {
    // By index, because a task may append further tasks.
    while (next < count) {
      const task = tasks[next]
      tasks[next++] = undefined
      task?.onTurnEnd()
    }
    count = 0
  } catch (error) {
    // If one task throws, the others must still run.
    process.nextTick(runTasks, next)
    throw error
  }
}
