// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableTest {
  private static Table read(String file, String text) {
    return Table.read(new Corpus(file, text, ""), "none", "name", "size");
  }

  @Test
  void readsThreeFormatsByTheNameOfTheFile() {
    for (Table table :
        new Table[] {
          read("a.csv", "size,more,name\n1.5,x,\"a, b\"\n\n2,y,c\n"),
          read("a.tsv", "size\tmore\tname\n1.5\tx\ta, b\n2\ty\tc"),
          read("a.jsonl", "{\"name\":\"a, b\",\"size\":1.5}\n\n{\"size\":2,\"name\":\"c\"}\n")
        }) {
      assertThat(table.column(0)).containsExactly("a, b", "c");
      assertThat(table.numbers(1)).containsExactly(1.5, 2);
    }
  }

  @Test
  void quotesArePlainInTabSeparatedText() {
    assertThat(read("a.tsv", "name\tsize\n\"so\t1\n").column(0)).containsExactly("\"so");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a.csv   | name;1                    | there is no column 'size'
          a.csv   | name,size;a,1,2           | line 2: has 3 fields, but line 1 names 2
          a.csv   | name,size;a,1; ,2         | line 3: 'name' is empty
          a.csv   | name,size                 | no rows
          a.csv   | name,size;a,b             | line 2: 'b' is no finite number
          a.csv   | name,size;a,NaN           | line 2: 'NaN' is no finite number
          a.jsonl | {"name":"a","size":1};[1] | line 2: is not a JSON object
          a.jsonl | {"name":"a"}              | line 1: 'size' is empty
          a.csv   | name,size;;;a,1;;b,x      | line 6: 'x' is no finite number
          a.csv   | name,size;"a;b",1;c,x;    | line 4: 'x' is no finite number
          a.tsv   | name\tsize;;a            | line 3: has 1 fields, but line 1 names 2
          a.jsonl | {"name":"a","size":1};;{" | line 3, column
          """)
  void namesTheLineOfWhatIsWrong(String file, String text, String message) {
    assertThatThrownBy(() -> read(file, text.replace(';', '\n')).numbers(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void tellsTheBalanceOfClasses() {
    Table table = read("a.csv", "name,size\nb,1\na,1\nb,2\n");
    assertThat(Table.balance(table.column(0))).isEqualTo("b 2, a 1");
    assertThat(Table.labels(table.column(0))).containsExactly("a", "b");
  }
}
