// SPDX-License-Identifier: Apache-2.0
// The entry of every tool; RS_TOOL is the function that is its body.
int RS_TOOL(int argc, char** argv);

int main(int argc, char** argv) { return RS_TOOL(argc, argv); }
