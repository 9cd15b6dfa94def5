"""JUnit reports as different tools write them, all invented: small, but each with its tool's habits."""

from __future__ import annotations

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1"
failures="1" skipped="1" tests="4" time="0.2" timestamp="2026-03-02T09:00:00" hostname="ci">
<testcase classname="tests.test_cart.TestTotal" name="test_adds[two-3]" time="0.001">
<failure message="assert 3 == 4&#10; +  where 3 = total()">def test_adds():
&gt;       assert total() == 4
E       assert 3 == 4

tests/test_cart.py:9: AssertionError</failure></testcase>
<testcase classname="tests.test_stock" name="test_reserve">
<error message="failed on setup with &quot;KeyError: 'sku'&quot;">
tests/conftest.py:21: KeyError</error></testcase>
<testcase classname="tests.test_cart" name="test_old"><skipped type="pytest.skip" message="later"/></testcase>
<testcase classname="tests.test_cart" name="test_new"/></testsuite></testsuites>"""

SUREFIRE = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0"
  xsi:noNamespaceSchemaLocation="https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd"
  name="shop.CartTest" time="1.5" tests="3" errors="1" skipped="0" failures="0">
  <properties><property name="java.version" value="21"/></properties>
  <testcase name="adds" classname="shop.CartTest" time="0.1">
    <flakyFailure message="expected: &lt;4&gt; but was: &lt;3&gt;" type="org.opentest4j.AssertionFailedError">
      <stackTrace><![CDATA[org.opentest4j.AssertionFailedError: expected: <4> but was: <3>]]></stackTrace>
    </flakyFailure></testcase>
  <testcase name="empties" classname="shop.CartTest" time="0.1">
    <error message="cart" type="java.lang.IllegalStateException"><![CDATA[java.lang.IllegalStateException: cart
	at shop.CartTest.empties(CartTest.java:31)]]></error>
    <rerunError type="java.lang.IllegalStateException"><stackTrace>again</stackTrace></rerunError>
    <system-out><![CDATA[noise <failure message="quoted"/> noise]]></system-out>
  </testcase>
  <testcase name="counts" classname="shop.CartTest"/>
</testsuite>"""

GRADLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="shop.StockTest" tests="2" skipped="0" failures="1" errors="0"
  timestamp="2026-03-02T09:00:00" time="0.01">
  <properties/>
  <testcase name="reserves()" classname="shop.StockTest" time="0.01">
    <failure message="org.opentest4j.AssertionFailedError: expected: &lt;1&gt; but was: &lt;2&gt;"
      type="org.opentest4j.AssertionFailedError">
org.opentest4j.AssertionFailedError: expected: &lt;1&gt; but was: &lt;2&gt;
	at app//shop.StockTest.reserves(StockTest.java:14)</failure>
  </testcase><testcase name="frees()" classname="shop.StockTest"/>
  <system-out><![CDATA[]]></system-out><system-err><![CDATA[]]></system-err></testsuite>"""

GOTESTSUM = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0" time="1.2">
	<testsuite tests="2" failures="1" time="0.3" name="shop.example/cart" timestamp="2026-03-02T09:00:00Z">
		<properties><property name="go.version" value="go1.24"></property></properties>
		<testcase classname="shop.example/cart" name="TestTotal/two_items" time="0.0">
			<failure message="Failed" type="">=== RUN   TestTotal/two_items
    cart_test.go:12: got 3, want 4
</failure>
		</testcase>
		<testcase classname="shop.example/cart" name="TestEmpty" time="0.0"></testcase>
	</testsuite></testsuites>"""

JEST = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="jest tests" tests="2" failures="1" errors="0" time="2.1">
  <testsuite name="Cart" errors="0" failures="1" skipped="0" timestamp="2026-03-02T09:00:00" time="0.4" tests="2">
    <testcase classname="Cart adds" name="Cart adds" time="0.01">
      <failure>Error: expect(received).toBe(expected) // Object.is equality

Expected: 4
Received: 3
    at Object.toBe (/home/runner/work/shop/shop/web/src/cart.test.ts:12:19)
    at run (/home/runner/work/shop/shop/web/node_modules/jest/run.js:1:2)</failure>
    </testcase>
    <testcase classname="Cart empties" name="Cart empties" time="0.01"></testcase>
  </testsuite></testsuites>"""

MOCHA = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Mocha Tests" time="0.1" tests="2" failures="1">
  <testsuite name="Root Suite" timestamp="2026-03-02T09:00:00" tests="0" time="0.0" failures="0"></testsuite>
  <testsuite name="Cart" file="/home/runner/work/shop/shop/test/cart.spec.js" tests="2" time="0.1" failures="1">
    <testcase name="Cart adds" time="0.01" classname="adds">
      <failure message="expected 3 to equal 4" type="AssertionError"><![CDATA[AssertionError: expected 3 to equal 4
      at Context.<anonymous> (test/cart.spec.js:8:20)

      + expected - actual]]></failure>
    </testcase><testcase name="Cart empties" time="0.0" classname="empties"></testcase></testsuite></testsuites>"""

PHPUNIT = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="" tests="2" assertions="2" errors="0" failures="1" skipped="0" time="0.02">
  <testsuite name="unit" tests="2" failures="1">
  <testsuite name="CartTest" file="/__w/shop/shop/tests/CartTest.php" tests="2" failures="1">
    <testcase name="testAdds" class="CartTest" classname="CartTest" line="17" assertions="1"
      file="/__w/shop/shop/tests/CartTest.php">
      <failure type="PHPUnit\\Framework\\ExpectationFailedException">CartTest::testAdds
Failed asserting that 3 matches expected 4.

/__w/shop/shop/tests/CartTest.php:19</failure></testcase>
    <testcase name="testEmpties" class="CartTest" classname="CartTest" assertions="1"/>
  </testsuite></testsuite></testsuite></testsuites>"""

DOTNET = b"""\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="Shop.Tests.dll" tests="2" skipped="0" failures="1" errors="0" time="0.4" hostname="ci">
  <properties/><testcase classname="Shop.Tests.CartTests" name="Adds(count: 2)" time="0.01">
    <failure type="failure" message="Assert.Equal() Failure: Values differ&#xD;&#xA;Expected: 4&#xD;&#xA;Actual:   3">
   at Shop.Tests.CartTests.Adds(Int32 count) in D:\\a\\shop\\shop\\tests\\CartTests.cs:line 21</failure>
  </testcase><testcase classname="Shop.Tests.CartTests" name="Empties" time="0.01"/>
  <system-out>Test Framework Informational Messages:</system-out></testsuite></testsuites>"""

ALL = {
    "pytest": PYTEST,
    "surefire": SUREFIRE,
    "gradle": GRADLE,
    "gotestsum": GOTESTSUM,
    "jest": JEST,
    "mocha": MOCHA,
    "phpunit": PHPUNIT,
    "dotnet": DOTNET,
}
