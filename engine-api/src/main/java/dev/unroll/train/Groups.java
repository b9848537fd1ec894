// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Arena;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import java.util.List;

/**
 * Several optimisers that act as one: each has parameters and settings of its own (biases without
 * weight decay, a pre-trained part with a small learning rate) and takes the common learning rate
 * times its factor. A group of factor 0 is frozen: its parameters are saved with the others, but
 * neither updated nor counted in the norm of the gradients.
 */
public final class Groups extends Optimizer {
  /**
   * One optimiser.
   *
   * @param optimizer updates the parameters of the group
   * @param rateFactor what the learning rate is multiplied by, 0 or more
   */
  public record Group(Optimizer optimizer, double rateFactor) {
    /**
     * Checks the factor.
     *
     * @param optimizer updates the parameters of the group
     * @param rateFactor what the learning rate is multiplied by, 0 or more
     */
    public Group {
      require("rate factor", rateFactor, 0, Double.MAX_VALUE);
    }

    /**
     * Parameters that stay as they are.
     *
     * @param arena the model's
     * @param parameters what to freeze
     * @return the group
     */
    public static Group frozen(Arena arena, List<Parameter> parameters) {
      return new Group(new Sgd(arena, parameters, Sgd.Settings.PLAIN), 0);
    }
  }

  private final List<Group> groups;

  /**
   * Joins groups.
   *
   * @param arena the model's
   * @param groups with names of parameters that are all different
   */
  public Groups(Arena arena, List<Group> groups) {
    super(arena, groups.stream().map(Group::optimizer).toList());
    this.groups = List.copyOf(groups);
  }

  @Override
  public List<Parameter> trained() {
    return groups.stream()
        .filter(g -> g.rateFactor() != 0)
        .flatMap(g -> g.optimizer().trained().stream())
        .toList();
  }

  @Override
  public void resume(long stepsDone) {
    super.resume(stepsDone);
    groups.forEach(g -> g.optimizer().resume(stepsDone));
  }

  @Override
  void update(double learningRate, Tensor gradScale, long number) {
    for (Group group : groups) {
      if (group.rateFactor() != 0) {
        group.optimizer().step(learningRate * group.rateFactor(), gradScale);
      }
    }
  }
}
