// SPDX-License-Identifier: Apache-2.0

package counting;

import dev.unroll.Availability;
import dev.unroll.Backend;
import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.TreeMap;

/** Offers {@code counting}: the backend {@code cpu}, which prints at its end what it was asked. */
public final class CountingProvider implements BackendProvider {
  @Override
  public String name() {
    return "counting";
  }

  @Override
  public int rank() {
    return -1; // never taken for auto
  }

  @Override
  public Availability probe() {
    return Backends.provider("cpu").probe();
  }

  @Override
  public Backend open(int device, Options options) {
    Backend cpu = Backends.provider("cpu").open(device, options);
    Map<String, Integer> calls = new TreeMap<>();
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> {
              calls.merge(method.getName(), 1, Integer::sum);
              if (method.getName().equals("close")) {
                System.out.println(calls);
              }
              try {
                return method.invoke(cpu, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
