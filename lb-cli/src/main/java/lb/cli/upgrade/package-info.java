/// The change from one process to the next without loss: who starts whom, what they tell each other, and what happens when
/// one of them fails. What is handed over belongs to [lb.l4.engine].
///
/// Threading: a thread for each hand-over, which may block; never a worker or the control loop.
@NullMarked
package lb.cli.upgrade;

import org.jspecify.annotations.NullMarked;
