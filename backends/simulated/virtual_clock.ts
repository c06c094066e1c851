import type { Clock, ClockTimer } from "../../src/concurrency/clock.ts";
import { EventQueue, SimulatedEvent } from "./event_queue.ts";

/** A clock that stands still while code runs, and jumps to the next event. All hosts of a simulation share one. */
export class VirtualClock implements Clock {
	readonly events: EventQueue = new EventQueue();
	#now = 0;

	/** Virtual milliseconds since the start of the simulation. */
	now(): number {
		return this.#now;
	}

	/** Makes a timer on the event queue. */
	createTimer(callback: () => void): ClockTimer {
		const event = new SimulatedEvent(callback, true);
		return {
			start: (delay) => this.events.schedule(event, this.#now + delay),
			stop: () => this.events.cancel(event),
		};
	}

	/** Calls back at the current virtual time, behind what is scheduled for it already. */
	defer(callback: () => void): void {
		this.events.schedule(new SimulatedEvent(callback, true), this.#now);
	}

	/** Calls back `delay` milliseconds from now with something that runs no code of the program under test. */
	internal(delay: number, callback: () => void): void {
		this.events.schedule(new SimulatedEvent(callback, false), this.#now + delay);
	}

	/** Jumps to the next event and runs it. Answers whether promise jobs must settle now. Only when there is one. */
	step(): boolean {
		const event = this.events.pop() as SimulatedEvent;
		this.#now = event.at;
		event.run();
		return event.needsTurn;
	}
}
